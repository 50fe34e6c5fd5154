from .training import Trainer
