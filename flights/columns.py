"""The columns that the model sees, by how they are read."""

GROUPS = ["carrier", "origin", "dest"]
WEATHER = ["temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"]
NUMBERS = ["distance", "departs_minute", "arrives_minute", "weekday", "hour_traffic", *WEATHER]
