"""Save the model as MLflow serves it: with probabilities, as the others answer them."""

import joblib
import mlflow.sklearn

mlflow.sklearn.save_model(
    joblib.load("model.joblib"), "mlmodel", pyfunc_predict_fn="predict_proba", serialization_format="cloudpickle"
)
