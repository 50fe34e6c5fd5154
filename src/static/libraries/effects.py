"""The effects of library calls, by canonical path."""

from __future__ import annotations

from functools import lru_cache

_EXACT = {
    "builtins.print": "print",
    "builtins.input": "print",
    "builtins.open": "file",
    "builtins.exec": "dynamic",
    "builtins.eval": "dynamic",
    "builtins.globals": "dynamic",
    "builtins.locals": "dynamic",
    "builtins.vars": "dynamic",
    "builtins.__import__": "dynamic",
    "builtins.delattr": "dynamic",
    "builtins.compile": "dynamic",
    "importlib.import_module": "dynamic",
    "pprint.pprint": "print",
    "warnings.warn": "print",
    "sys.stdout.write": "print",
    "sys.stdout.flush": "print",
    "sys.stderr.write": "print",
    "sys.exit": "exit",
    "builtins.exit": "exit",
    "builtins.quit": "exit",
    "traceback.print_exc": "print",
    "tqdm.tqdm.write": "print",
    "time.sleep": "clock",
    "time.time": "clock",
    "time.perf_counter": "clock",
    "time.perf_counter_ns": "clock",
    "time.time_ns": "clock",
    "time.monotonic": "clock",
    "time.process_time": "clock",
    "time.clock": "clock",
    "time.strftime": "clock",
    "time.localtime": "clock",
    "timeit.default_timer": "clock",
    "datetime.datetime.now": "clock",
    "datetime.datetime.utcnow": "clock",
    "datetime.datetime.today": "clock",
    "datetime.date.today": "clock",
    # These create a generator; drawing from it is a call of its methods.
    **dict.fromkeys(
        (
            "random.Random",
            "random.SystemRandom",
            "numpy.random.default_rng",
            "numpy.random.Generator",
            "numpy.random.RandomState",
            "numpy.random.SeedSequence",
            "numpy.random.PCG64",
            "numpy.random.MT19937",
            "numpy.random.Philox",
            "numpy.random.SFC64",
        )
    ),
    "os.urandom": "random",
    "uuid.uuid4": "random",
    "os.getenv": "state",
    "os.environ": "state",
    "gc.collect": "process",
    "tensorflow.random.set_seed": "seed",
    "tensorflow.set_random_seed": "seed",
    "tensorflow.random.set_random_seed": "seed",
    "keras.utils.set_random_seed": "seed",
    "keras.backend.clear_session": "process",
    "keras.backend.set_floatx": "process",
    "keras.backend.set_value": "eager",
    "keras.backend.get_value": "eager",
    "keras.backend.eval": "eager",
    "keras.backend.batch_get_value": "eager",
    "keras.ops.convert_to_numpy": "eager",
    "tensorflow.make_ndarray": "eager",
    "tensorflow.executing_eagerly": "mode",
    "tensorflow.inside_function": "mode",
    "tensorflow.config.run_functions_eagerly": "mode",
    "tensorflow.Session": "session",
    "tensorflow.InteractiveSession": "session",
    "tensorflow.placeholder": "session",
    "tensorflow.disable_eager_execution": "session",
    "tensorflow.disable_v2_behavior": "session",
    "tensorflow.Graph": "session",
    "tensorflow.global_variables_initializer": "session",
    "tensorflow.local_variables_initializer": "session",
    "tensorflow.tables_initializer": "session",
    "tensorflow.train.MonitoredSession": "session",
    "tensorflow.train.MonitoredTrainingSession": "session",
    "tensorflow.train.Scaffold": "session",
    "tensorflow.train.SingularMonitoredSession": "session",
    "tensorflow.train.Supervisor": "session",
    "tensorflow.train.cosine_decay": "session",
    "tensorflow.train.exponential_decay": "session",
    "tensorflow.train.inverse_time_decay": "session",
    "tensorflow.train.natural_exp_decay": "session",
    "tensorflow.train.piecewise_constant": "session",
    "tensorflow.train.polynomial_decay": "session",
    "tensorflow.saved_model.save": "file",
    "tensorflow.saved_model.load": "file",
    "tensorflow.train.latest_checkpoint": "file",
    "tensorflow.io.TFRecordWriter": "file",
    "keras.models.load_model": "file",
    "keras.models.save_model": "file",
    "keras.utils.plot_model": "file",
    "keras.utils.get_file": "file",
    "numpy.save": "file",
    "numpy.savez": "file",
    "numpy.savez_compressed": "file",
    "numpy.savetxt": "file",
    "numpy.load": "file",
    "numpy.loadtxt": "file",
    "numpy.genfromtxt": "file",
    "numpy.fromfile": "file",
    "numpy.memmap": "file",
    "pickle.dump": "file",
    "pickle.load": "file",
    "json.dump": "file",
    "json.load": "file",
    "yaml.dump": "file",
    "yaml.load": "file",
    "tensorflow_datasets.load": "file",
    "numpy.random.seed": "random",
    "os.path.exists": "state",
    "os.path.isfile": "state",
    "os.path.isdir": "state",
    "os.listdir": "state",
    "os.getcwd": "state",
}

#: Calls that read something outside of Python and change nothing there.
READING_CALLS = frozenset(
    {
        "json.load",
        "keras.models.load_model",
        "numpy.fromfile",
        "numpy.genfromtxt",
        "numpy.load",
        "numpy.loadtxt",
        "os.cpu_count",
        "os.fstat",
        "os.getpid",
        "os.scandir",
        "os.stat",
        "os.uname",
        "os.walk",
        "pickle.load",
        "socket.gethostname",
        "tensorflow.gfile.Exists",
        "tensorflow.gfile.Glob",
        "tensorflow.gfile.IsDirectory",
        "tensorflow.gfile.ListDirectory",
        "tensorflow.io.gfile.exists",
        "tensorflow.io.gfile.glob",
        "tensorflow.io.gfile.isdir",
        "tensorflow.io.gfile.listdir",
        "tensorflow.io.gfile.stat",
        "tensorflow.io.gfile.walk",
        "tensorflow.saved_model.load",
        "tensorflow.train.latest_checkpoint",
        "threading.current_thread",
        "threading.get_ident",
        "multiprocessing.cpu_count",
        "multiprocessing.current_process",
        "yaml.load",
        "yaml.safe_load",
    }
)

_PREFIXES = (
    ("os.path.", None),
    ("os.", "process"),
    ("shutil.", "file"),
    ("subprocess.", "process"),
    ("socket.", "process"),
    ("requests.", "process"),
    ("urllib.", "process"),
    ("threading.", "process"),
    ("multiprocessing.", "process"),
    ("logging.", "print"),
    ("absl.logging.", "print"),
    ("tensorflow.logging.", "print"),
    ("tensorflow.get_logger", None),
    ("random.", "random"),
    ("secrets.", "random"),
    ("numpy.random.", "random"),
    ("scipy.stats.", "random"),
    ("sklearn.", "host"),
    ("matplotlib.", "host"),
    ("pylab.", "host"),
    ("seaborn.", "host"),
    ("plotly.", "host"),
    ("PIL.", "host"),
    ("cv2.", "host"),
    ("imageio.", "host"),
    ("skimage.", "host"),
    ("pandas.", "host"),
    ("wandb.", "host"),
    ("mlflow.", "host"),
    ("gym.", "host"),
    ("gymnasium.", "host"),
    ("librosa.", "host"),
    ("tensorboardX.", "host"),
    ("tensorflow.io.gfile.", "file"),
    ("tensorflow.gfile.", "file"),
    ("numpy.testing.", "assert"),
    ("tensorflow.estimator.", "session"),
)

#: Layers without variables: every call may create a new one.
_WEIGHTLESS = (
    "Activation",
    "Add",
    "Average",
    "Concatenate",
    "Cropping",
    "Dot",
    "Flatten",
    "GlobalAverage",
    "GlobalMax",
    "Input",
    "Lambda",
    "Layer",
    "LeakyReLU",
    "Masking",
    "MaxPool",
    "Maximum",
    "Minimum",
    "Multiply",
    "Permute",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Resizing",
    "Softmax",
    "Subtract",
    "UpSampling",
    "ZeroPadding",
)
_WEIGHTY = ("AdditiveAttention", "LayerNormalization")

#: Constructors of objects that own variables.
_CREATORS = ("keras.layers.", "keras.optimizers.", "keras.metrics.", "keras.models.", "keras.applications.")
_CREATED = frozenset(
    {
        "tensorflow.Variable",
        "keras.Model",
        "keras.Sequential",
        "tensorflow.lookup.StaticHashTable",
        "tensorflow.lookup.MutableHashTable",
        "tensorflow.random.Generator.from_seed",
        "tensorflow.random.Generator.from_non_deterministic_state",
        "tensorflow.train.ExponentialMovingAverage",
        "tensorflow.get_variable",
        "tensorflow_hub.KerasLayer",
        "tensorflow_hub.Module",
        "tensorflow_hub.load",
        "keras.models.load_model",
        "tensorflow.saved_model.load",
    }
)
#: The layer functions of TensorFlow 1, which create their variables when they are called, and those without variables.
_LAYER_FUNCTIONS = ("tensorflow.layers.", "tensorflow.contrib.layers.", "tensorflow.contrib.slim.", "tf_slim.")
_WEIGHTLESS_FUNCTIONS = ("arg_scope", "avg_", "average_", "dropout", "flatten", "max_", "one_hot", "softmax")


@lru_cache(maxsize=65536)
def effect_of_call(path: str) -> str | None:
    """The kind of a call's effect: print, file, process, random, clock, host, dynamic, eager, session, state…; or None.
    """
    if path in _EXACT:
        return _EXACT[path]
    for prefix, effect in _PREFIXES:
        if path.startswith(prefix):
            return effect
    return None


@lru_cache(maxsize=65536)
def creates_variables(path: str) -> bool:
    """Whether calling ``path`` creates variables, or an object that will create some."""
    if path in _CREATED:
        return True
    if path.startswith(_CREATORS):
        last = path.rpartition(".")[2]
        if path.startswith("keras.layers.") and last.startswith(_WEIGHTLESS):
            return last in _WEIGHTY
        return last[:1].isupper() and last not in ("Layer", "Input", "InputLayer", "InputSpec")
    if path.startswith(_LAYER_FUNCTIONS):
        last = path.rpartition(".")[2]
        return last[:1].islower() and not last.startswith(_WEIGHTLESS_FUNCTIONS)
    return False


@lru_cache(maxsize=65536)
def draws_tensors(path: str) -> bool:
    """Whether calling ``path`` draws random numbers as a TensorFlow operation."""
    if path.startswith(("tensorflow.random.", "keras.random.")):
        return not path.endswith(("set_seed", "Generator", "from_seed", "get_global_generator", "SeedGenerator"))
    last = path.rpartition(".")[2]
    return path.startswith(("tensorflow.", "keras.")) and (
        last.startswith(("random_", "truncated_normal", "dropout", "multinomial"))
    )
