from azureml.core.stand_in import Run  # noqa: F401
