import mlpipe_stand_in

if not mlpipe_stand_in.hand_over(__name__):
    from mlflow.stand_in import *  # noqa: F401,F403
    from mlflow.stand_in import __getattr__  # noqa: F401
    __version__ = "2.9.2+mlpipe"  # what its functions are those of; scripts compare it
