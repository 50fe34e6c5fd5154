"""What a library's function returns, by its canonical path.

A result is described by a short word: an atom's name (``tensor``, ``array``, ``int``…), ``tensors`` or
``arrays`` (a list of them), ``thing:KIND`` (an instance whose methods ``library_methods`` knows),
``dataset``, ``same`` (the first argument again), or ``special:NAME`` (see ``library_calls``).
"""

from __future__ import annotations

from functools import lru_cache

from .library_paths import TENSOR_LIBRARIES

_TENSORFLOW: dict[str, str] = {
    "": "unknown",
    "function": "special:function",
    "Variable": "variable",
    "Tensor": "tensor",
    "RaggedTensor": "tensor",
    "SparseTensor": "tensor",
    "IndexedSlices": "tensor",
    "TensorArray": "thing:tensorarray",
    "GradientTape": "thing:tape",
    "Module": "thing:module",
    "Graph": "thing:graph",
    "TensorSpec": "object",
    "TensorShape": "shape",
    "RaggedTensorSpec": "object",
    "SparseTensorSpec": "object",
    "DType": "object",
    "CriticalSection": "object",
    "VariableAggregation": "object",
    "UnconnectedGradients": "object",
    "as_dtype": "object",
    "executing_eagerly": "bool",
    "inside_function": "bool",
    "is_tensor": "bool",
    "is_symbolic_tensor": "bool",
    "get_static_value": "array",
    "make_ndarray": "array",
    "make_tensor_proto": "object",
    "print": "none",
    "group": "none",
    "no_op": "none",
    "init_scope": "thing:context",
    "device": "thing:context",
    "name_scope": "thing:context",
    "control_dependencies": "thing:context",
    "Session": "thing:session",
    "InteractiveSession": "thing:session",
    "placeholder": "tensor",
    "cond": "special:branches",
    "case": "special:case",
    "switch_case": "special:case",
    "while_loop": "special:while_loop",
    "map_fn": "special:map_fn",
    "vectorized_map": "special:map_fn",
    "scan": "special:fold",
    "foldl": "special:fold",
    "foldr": "special:fold",
    "py_function": "special:py_function",
    "numpy_function": "special:py_function",
    "py_func": "special:py_function",
    "custom_gradient": "special:identity_function",
    "recompute_grad": "special:identity_function",
    "grad_pass_through": "special:identity_function",
    "gradients": "tensors",
    "identity": "tensor",
    "identity_n": "tensors",
    "split": "tensors",
    "unstack": "tensors",
    "meshgrid": "tensors",
    "dynamic_partition": "tensors",
    "unique": "tensors",
    "unique_with_counts": "tensors",
    "shape_n": "tensors",
    "required_space_to_batch_paddings": "tensors",
    "clip_by_global_norm": "special:clip_by_global_norm",
    "linalg.svd": "special:tensor_tuple",
    "linalg.eigh": "special:tensor_tuple",
    "linalg.eig": "special:tensor_tuple",
    "linalg.qr": "special:tensor_tuple",
    "linalg.lu": "special:tensor_tuple",
    "linalg.slogdet": "special:tensor_tuple",
    "linalg.logdet": "tensor",
    "svd": "special:tensor_tuple",
    "self_adjoint_eig": "special:tensor_tuple",
    "qr": "special:tensor_tuple",
    "nn.moments": "special:tensor_tuple",
    "nn.weighted_moments": "special:tensor_tuple",
    "nn.top_k": "special:tensor_tuple",
    "math.top_k": "special:tensor_tuple",
    "nn.fused_batch_norm": "special:tensor_tuple",
    "nn.max_pool_with_argmax": "special:tensor_tuple",
    "nn.ctc_greedy_decoder": "special:tensor_tuple",
    "nn.ctc_beam_search_decoder": "special:tensor_tuple",
    "nn.sampled_softmax_loss": "tensor",
    "math.frexp": "special:tensor_tuple",
    "image.non_max_suppression_with_scores": "special:tensor_tuple",
    "image.combined_non_max_suppression": "special:tensor_tuple",
    "image.sample_distorted_bounding_box": "special:tensor_tuple",
    "sparse.split": "tensors",
    "nest.map_structure": "special:map_structure",
    "nest.flatten": "special:flatten",
    "nest.pack_sequence_as": "special:pack_sequence",
    "nest.assert_same_structure": "none",
    "nest.is_nested": "bool",
    "range": "tensor",
    "convert_to_tensor": "tensor",
    "ensure_shape": "tensor",
    "no_gradient": "none",
    "broadcast_static_shape": "shape",
    "config.list_physical_devices": "object",
    "config.experimental.list_physical_devices": "object",
    "test.is_gpu_available": "bool",
    "test.TestCase": "thing:object",
    "train.Checkpoint": "thing:checkpoint",
    "train.CheckpointManager": "thing:checkpoint",
    "train.latest_checkpoint": "str",
    "train.ExponentialMovingAverage": "thing:moving_average",
    "train.Example": "object",
    "train.Features": "object",
    "train.Feature": "object",
    "train.BytesList": "object",
    "train.Int64List": "object",
    "train.FloatList": "object",
    "train.list_variables": "object",
    "train.load_checkpoint": "object",
    "random.Generator": "thing:generator",
    "random.Generator.from_seed": "thing:generator",
    "random.Generator.from_non_deterministic_state": "thing:generator",
    "random.get_global_generator": "thing:generator",
    "random.set_seed": "none",
    "set_random_seed": "none",
    "lookup.StaticHashTable": "thing:table",
    "lookup.KeyValueTensorInitializer": "object",
    "lookup.TextFileInitializer": "object",
    "feature_column.numeric_column": "object",
    "saved_model.load": "thing:model",
    "saved_model.save": "none",
    "summary.create_file_writer": "thing:writer",
    "data.Dataset": "thing:dataset_class",
    "data.Dataset.from_tensor_slices": "special:dataset_of",
    "data.Dataset.from_tensors": "special:dataset_of",
    "data.Dataset.from_generator": "special:dataset_from_generator",
    "data.Dataset.range": "dataset",
    "data.Dataset.random": "dataset",
    "data.Dataset.list_files": "dataset",
    "data.Dataset.zip": "special:dataset_zip",
    "data.Dataset.choose_from_datasets": "special:dataset_choose",
    "data.Dataset.sample_from_datasets": "special:dataset_choose",
    "data.choose_from_datasets": "special:dataset_choose",
    "data.sample_from_datasets": "special:dataset_choose",
    "data.Dataset.load": "dataset",
    "data.Dataset.counter": "dataset",
    "data.Counter": "dataset",
    "data.TextLineDataset": "dataset",
    "data.TFRecordDataset": "dataset",
    "data.FixedLengthRecordDataset": "dataset",
    "data.RandomDataset": "dataset",
    "data.make_csv_dataset": "dataset",
    "data.CsvDataset": "dataset",
    "data.SqlDataset": "dataset",
    "data.load": "dataset",
    "data.make_one_shot_iterator": "special:iterate_dataset",
    "data.get_next_as_optional": "object",
    "data.Options": "object",
    "data.cardinality": "tensor",
    "data.AUTOTUNE": "int",
    "autograph.experimental.do_not_convert": "special:identity_function",
    "autograph.experimental.set_loop_options": "none",
    "autograph.to_graph": "special:identity_function",
    "autograph.set_verbosity": "none",
    "compat.as_str": "str",
    "compat.as_bytes": "str",
    "compat.as_text": "str",
    "compat.as_str_any": "str",
    "math.reduce_std": "tensor",
    "dtypes.as_dtype": "object",
    "io.gfile.GFile": "file",
    "io.TFRecordWriter": "file",
    "gfile.GFile": "file",
    "python_io.TFRecordWriter": "file",
    "io.gfile.exists": "bool",
    "io.gfile.isdir": "bool",
    "io.gfile.glob": "object",
    "io.gfile.listdir": "object",
    "io.gfile.makedirs": "none",
    "io.gfile.mkdir": "none",
    "io.gfile.rmtree": "none",
    "io.gfile.remove": "none",
    "io.gfile.copy": "none",
    "io.gfile.join": "str",
    "io.parse_single_example": "special:tensor_dict",
    "io.parse_example": "special:tensor_dict",
    "parse_single_example": "special:tensor_dict",
    "parse_example": "special:tensor_dict",
    "get_logger": "thing:logger",
    "compat.v1.global_variables_initializer": "none",
    "global_variables_initializer": "none",
    "trainable_variables": "special:variable_list",
    "global_variables": "special:variable_list",
}

_TENSORFLOW_PREFIXES: tuple[tuple[str, str], ...] = (
    ("config.", "object"),
    ("debugging.", "none"),
    ("distribute.", "thing:strategy"),
    ("errors.", "object"),
    ("logging.", "none"),
    ("profiler.", "none"),
    ("summary.", "none"),
    ("saved_model.", "object"),
    ("sysconfig.", "object"),
    ("test.", "object"),
    ("tpu.", "object"),
    ("types.", "object"),
    ("version.", "str"),
    ("train.", "object"),
    ("feature_column.", "object"),
    ("lite.", "object"),
    ("estimator.", "object"),
    ("app.", "object"),
    ("flags.", "object"),
    ("io.gfile.", "object"),
    ("gfile.", "object"),
    ("autograph.", "object"),
    ("data.", "object"),
    ("lookup.", "object"),
    ("contrib.", "unknown"),
    ("RaggedTensor.", "tensor"),
    ("SparseTensor.", "tensor"),
    ("assert_", "none"),
    ("raw_ops.", "tensor"),
)

_KERAS: dict[str, str] = {
    "": "unknown",
    "Input": "symbolic",
    "KerasTensor": "symbolic",
    "Model": "special:model",
    "Sequential": "thing:model",
    "Model.from_config": "thing:model",
    "models.load_model": "thing:model",
    "models.clone_model": "thing:model",
    "models.model_from_json": "thing:model",
    "layers.Layer": "thing:layer",
    "layers.Lambda": "special:lambda_layer",
    "layers.TextVectorization": "thing:layer",
    "layers.serialize": "object",
    "layers.deserialize": "thing:layer",
    "utils.to_categorical": "array",
    "utils.normalize": "array",
    "utils.get_file": "str",
    "utils.plot_model": "object",
    "utils.image_dataset_from_directory": "dataset_pair",
    "utils.text_dataset_from_directory": "dataset_pair",
    "utils.timeseries_dataset_from_array": "dataset_pair",
    "preprocessing.image_dataset_from_directory": "dataset_pair",
    "preprocessing.text_dataset_from_directory": "dataset_pair",
    "preprocessing.timeseries_dataset_from_array": "dataset_pair",
    "preprocessing.sequence.pad_sequences": "array",
    "utils.pad_sequences": "array",
    "preprocessing.image.load_img": "object",
    "preprocessing.image.img_to_array": "array",
    "preprocessing.image.ImageDataGenerator": "thing:image_generator",
    "preprocessing.text.Tokenizer": "thing:tokenizer",
    "utils.load_img": "object",
    "utils.img_to_array": "array",
    "utils.set_random_seed": "none",
    "utils.custom_object_scope": "thing:context",
    "utils.CustomObjectScope": "thing:context",
    "utils.register_keras_serializable": "special:decorator_factory",
    "saving.register_keras_serializable": "special:decorator_factory",
    "utils.get_custom_objects": "object",
    "utils.split_dataset": "object",
    "backend.clear_session": "none",
    "backend.set_floatx": "none",
    "backend.floatx": "str",
    "backend.epsilon": "float",
    "backend.image_data_format": "str",
    "backend.set_image_data_format": "none",
    "backend.learning_phase": "int",
    "backend.set_learning_phase": "none",
    "backend.int_shape": "shape",
    "backend.ndim": "int",
    "backend.is_keras_tensor": "bool",
    "backend.is_tensor": "bool",
    "backend.is_sparse": "bool",
    "backend.get_value": "array",
    "backend.eval": "array",
    "backend.set_value": "none",
    "backend.batch_get_value": "arrays",
    "backend.name_scope": "thing:context",
    "backend.get_session": "thing:session",
    "backend.set_session": "none",
    "backend.function": "object",
    "backend.gradients": "tensors",
    "backend.rnn": "special:tensor_tuple",
    "backend.backend": "str",
    "backend.standardize_dtype": "str",
    "backend.is_float_dtype": "bool",
    "ops.shape": "shape",
    "ops.convert_to_numpy": "array",
    "ops.is_tensor": "bool",
    "ops.cond": "special:branches",
    "ops.while_loop": "special:while_loop",
    "ops.map": "special:map_fn",
    "ops.split": "tensors",
    "ops.unstack": "tensors",
    "ops.meshgrid": "tensors",
    "ops.moments": "special:tensor_tuple",
    "ops.top_k": "special:tensor_tuple",
    "ops.svd": "special:tensor_tuple",
    "ops.eigh": "special:tensor_tuple",
    "ops.qr": "special:tensor_tuple",
    "losses.get": "thing:loss",
    "metrics.get": "thing:metric",
    "optimizers.get": "thing:optimizer",
    "activations.get": "thing:activation",
    "initializers.get": "thing:initializer",
    "regularizers.get": "thing:regularizer",
    "activations.serialize": "object",
    "config.floatx": "str",
    "config.backend": "str",
    "mixed_precision.set_global_policy": "none",
    "mixed_precision.LossScaleOptimizer": "thing:optimizer",
    "random.SeedGenerator": "thing:generator",
}

_KERAS_KINDS: dict[str, str] = {
    "layers": "layer",
    "losses": "loss",
    "metrics": "metric",
    "optimizers": "optimizer",
    "initializers": "initializer",
    "regularizers": "regularizer",
    "constraints": "regularizer",
    "callbacks": "callback",
    "activations": "activation",
    "applications": "model",
    "models": "model",
    "wrappers": "object",
    "utils": "object",
    "preprocessing": "object",
    "mixed_precision": "object",
    "distribution": "strategy",
}

_NUMPY: dict[str, str] = {
    "load": "unknown",
    "random.seed": "none",
    "random.shuffle": "none",
    "random.RandomState": "random generator",
    "random.default_rng": "random generator",
    "random.get_state": "object",
    "random.set_state": "none",
    "save": "none",
    "savez": "none",
    "savetxt": "none",
    "set_printoptions": "none",
    "seterr": "none",
    "errstate": "thing:context",
    "printoptions": "thing:context",
    "shape": "shape",
    "ndim": "int",
    "size": "int",
    "isscalar": "bool",
    "allclose": "bool",
    "array_equal": "bool",
    "dtype": "object",
    "issubdtype": "bool",
    "iinfo": "object",
    "finfo": "object",
    "array_split": "arrays",
    "split": "arrays",
    "hsplit": "arrays",
    "vsplit": "arrays",
    "meshgrid": "arrays",
    "nonzero": "arrays",
    "where": "special:numpy_where",
    "unique": "special:numpy_unique",
    "ndenumerate": "special:array_pairs",
    "ndindex": "object",
    "histogram": "special:array_pairs",
    "vectorize": "special:identity_function",
    "array2string": "str",
    "array_repr": "str",
    "testing.assert_allclose": "none",
    "testing.assert_array_equal": "none",
    "testing.assert_array_almost_equal": "none",
    "float32": "special:numpy_scalar",
    "float64": "special:numpy_scalar",
    "float16": "special:numpy_scalar",
    "int32": "special:numpy_scalar",
    "int64": "special:numpy_scalar",
    "int8": "special:numpy_scalar",
    "uint8": "special:numpy_scalar",
    "bool_": "special:numpy_scalar",
}

_BUILTINS: dict[str, str] = {
    "len": "int",
    "int": "int",
    "float": "float",
    "bool": "bool",
    "complex": "float",
    "str": "str",
    "repr": "str",
    "format": "str",
    "ascii": "str",
    "chr": "str",
    "ord": "int",
    "hash": "int",
    "id": "int",
    "bin": "str",
    "hex": "str",
    "bytes": "str",
    "bytearray": "object",
    "input": "str",
    "print": "none",
    "open": "file",
    "isinstance": "bool",
    "issubclass": "bool",
    "hasattr": "bool",
    "callable": "bool",
    "any": "special:truth",
    "all": "special:truth",
    "range": "special:range",
    "slice": "object",
    "object": "object",
    "memoryview": "object",
    "dir": "object",
    "vars": "unknown",
    "globals": "unknown",
    "locals": "unknown",
    "eval": "unknown",
    "exec": "none",
    "compile": "object",
    "__import__": "unknown",
    "setattr": "special:setattr",
    "delattr": "none",
    "getattr": "special:getattr",
    "type": "special:type",
    "super": "special:super",
    "list": "special:list",
    "tuple": "special:tuple",
    "set": "special:set",
    "frozenset": "special:set",
    "sorted": "special:list",
    "reversed": "special:list",
    "dict": "special:dict",
    "iter": "special:iter",
    "next": "special:next",
    "enumerate": "special:enumerate",
    "zip": "special:zip",
    "map": "special:map",
    "filter": "special:filter",
    "sum": "special:sum",
    "min": "special:extreme",
    "max": "special:extreme",
    "abs": "special:unary",
    "round": "special:unary",
    "pow": "special:binary",
    "divmod": "special:binary",
    "property": "special:identity_function",
    "staticmethod": "special:identity_function",
    "classmethod": "special:identity_function",
    "NotImplemented": "object",
    "Ellipsis": "object",
}

_OTHERS: dict[str, str] = {
    "functools.partial": "special:partial",
    "functools.partialmethod": "special:partial",
    "functools.wraps": "special:decorator_factory",
    "functools.lru_cache": "special:decorator_factory",
    "functools.cache": "special:identity_function",
    "functools.cached_property": "special:identity_function",
    "functools.reduce": "special:reduce",
    "functools.singledispatch": "special:identity_function",
    "contextlib.contextmanager": "special:identity_function",
    "abc.abstractmethod": "special:identity_function",
    "abc.abstractproperty": "special:identity_function",
    "typing.overload": "special:identity_function",
    "typing.final": "special:identity_function",
    "typing.cast": "special:cast",
    "typing.NamedTuple": "special:namedtuple",
    "collections.namedtuple": "special:namedtuple",
    "collections.OrderedDict": "special:dict",
    "collections.defaultdict": "special:defaultdict",
    "collections.Counter": "special:dict",
    "collections.deque": "special:list",
    "collections.ChainMap": "special:dict",
    "copy.copy": "same",
    "copy.deepcopy": "same",
    "itertools.chain": "special:chain",
    "itertools.zip_longest": "special:zip",
    "itertools.count": "special:range",
    "itertools.islice": "special:list",
    "itertools.cycle": "special:list",
    "itertools.repeat": "special:repeat",
    "itertools.starmap": "special:map",
    "itertools.product": "special:zip",
    "operator.add": "special:binary",
    "operator.mul": "special:binary",
    "operator.sub": "special:binary",
    "operator.matmul": "special:binary",
    "operator.itemgetter": "object",
    "dataclasses.dataclass": "special:decorator_factory",
    "dataclasses.field": "unknown",
    "dataclasses.replace": "same",
    "logging.getLogger": "thing:logger",
    "loguru.logger": "thing:logger",
    "tensorflow.get_logger": "thing:logger",
    "time.time": "float",
    "time.perf_counter": "float",
    "time.monotonic": "float",
    "time.process_time": "float",
    "time.sleep": "none",
    "time.strftime": "str",
    "os.getcwd": "str",
    "os.getenv": "str",
    "os.path.join": "str",
    "os.path.exists": "bool",
    "os.path.isfile": "bool",
    "os.path.isdir": "bool",
    "os.path.basename": "str",
    "os.path.dirname": "str",
    "os.path.abspath": "str",
    "os.listdir": "object",
    "os.environ": "os.environ",
    "random.Random": "random generator",
    "random.random": "float",
    "random.uniform": "float",
    "random.randint": "int",
    "random.randrange": "int",
    "random.gauss": "float",
    "random.choice": "special:element",
    "random.sample": "special:list",
    "random.seed": "none",
    "random.shuffle": "none",
    "six.iteritems": "special:items",
    "six.itervalues": "special:dict_values",
    "tqdm.tqdm": "same",
    "tqdm.auto.tqdm": "same",
    "tqdm.notebook.tqdm": "same",
    "tqdm.tqdm_notebook": "same",
    "tqdm.trange": "special:range",
    "tensorflow_datasets.load": "dataset_pair",
    "tensorflow_datasets.as_numpy": "special:as_numpy",
    "tensorflow_hub.load": "thing:model",
    "tensorflow_hub.KerasLayer": "thing:layer",
    "sklearn.model_selection.train_test_split": "arrays",
}


@lru_cache(maxsize=65536)
def describe_result(path: str) -> str:
    """The word for what calling ``path`` returns; "unknown" where nothing is known."""
    found = _OTHERS.get(path)
    if found is not None:
        return found
    library, _, rest = path.partition(".")
    if library == "builtins":
        if rest.endswith(("Error", "Exception", "Warning", "Interrupt", "Exit", "StopIteration")):
            return "object"
        return _BUILTINS.get(rest, "unknown")
    if library == "tensorflow":
        return _describe_tensorflow(rest)
    if library == "keras":
        return _describe_keras(rest)
    if library == "numpy":
        return _NUMPY.get(rest, "special:numpy" if not rest.startswith("random.") else "array")
    if library == "math":
        return "float"
    if library == "scipy":
        return "array"
    if library == "tensorflow_probability":
        return _describe_probability(rest)
    if library == "sonnet":
        return "thing:layer" if rest[:1].isupper() or rest.startswith("nets.") else "unknown"
    if library in TENSOR_LIBRARIES:
        return "unknown"
    return "unknown"


def _describe_tensorflow(rest: str) -> str:
    found = _TENSORFLOW.get(rest)
    if found is not None:
        return found
    for prefix, result in _TENSORFLOW_PREFIXES:
        if rest.startswith(prefix):
            return result
    last = rest.rpartition(".")[2]
    if last == "ndarray":
        return "tensor"
    if last[:1].isupper():
        return "object"
    return "tensor"


def _describe_keras(rest: str) -> str:
    found = _KERAS.get(rest)
    if found is not None:
        return found
    parts = rest.split(".")
    home, last = parts[0], parts[-1]
    if home == "datasets":
        return "special:load_data" if last == "load_data" else "object"
    if home in ("backend", "ops"):
        return "tensor"
    if home == "applications":
        if last[:1].isupper():
            return "thing:model"
        return "special:decode" if last == "decode_predictions" else "special:like_argument"
    kind = _KERAS_KINDS.get(home)
    if kind is not None:
        if last[:1].isupper():
            return f"thing:{kind}"
        if home in ("losses", "metrics", "activations"):
            return "tensor"
        if home == "layers":
            # ``keras.layers.add([a, b])``: the functional forms of the merging layers.
            return "special:like_argument"
        return "object"
    if len(parts) == 1 and last[:1].isupper():
        return "object"
    return "unknown"


def _describe_probability(rest: str) -> str:
    parts = rest.split(".")
    if parts[-1][:1].isupper():
        if parts[0] == "layers":
            return "thing:layer"
        return "thing:distribution"
    if parts[0] in ("math", "stats", "distributions"):
        return "tensor"
    return "unknown"


@lru_cache(maxsize=65536)
def computes(path: str) -> bool:
    """Whether calling ``path`` runs TensorFlow operations on tensors (datasets and I/O do not count)."""
    library, _, rest = path.partition(".")
    if library == "tensorflow":
        if rest.startswith(("data.", "io.", "summary.", "debugging.", "nest.", "autograph.", "random.set_seed")):
            return rest.startswith(("io.decode", "io.parse"))
        word = _describe_tensorflow(rest)
        return word in ("tensor", "tensors") or word in (
            "special:tensor_tuple",
            "special:branches",
            "special:case",
            "special:while_loop",
            "special:map_fn",
            "special:fold",
            "special:clip_by_global_norm",
        )
    if library == "keras":
        word = _describe_keras(rest)
        return word in ("tensor", "tensors", "special:tensor_tuple", "special:branches", "special:while_loop")
    if library == "tensorflow_probability":
        return describe_result(path) == "tensor"
    return False
