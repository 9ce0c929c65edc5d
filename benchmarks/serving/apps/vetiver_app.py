"""vetiver: its own FastAPI application; it answers the label alone."""

import joblib
import numpy as np
import pandas as pd
from vetiver import VetiverAPI, VetiverModel

model = joblib.load("model.joblib")
prototype = pd.DataFrame(np.zeros((1, model.n_features_in_)), columns=model.feature_names_in_)
app = VetiverAPI(VetiverModel(model, "delay", prototype_data=prototype), check_prototype=True).app
