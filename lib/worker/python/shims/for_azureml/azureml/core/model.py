from azureml.core.stand_in import Model  # noqa: F401
