from azureml.core.stand_in import Dataset  # noqa: F401
