"""Class hierarchies: whose method is called, and which library's protocol a class follows."""

from __future__ import annotations

import pytest


def test_of_two_bases_the_first_that_has_a_method_is_asked(script):
    text = """
    class A:
        def f(self, x):
            return x
    class B(A):
        pass
    class C(A):
        def f(self, x):
            return tf.abs(x)
    class D(B, C):
        def g(self, x):
            return self.f(x)
    D().g(tf.ones([2]))
    """
    assert script(text).function("D.g").calls == ("train:C.f",)


def test_super_asks_what_comes_behind_the_class(script):
    text = """
    class A:
        def f(self, x):
            return tf.abs(x)
    class B(A):
        def f(self, x):
            return super().f(x) + 1.0
    B().f(tf.ones([2]))
    """
    assert script(text).function("B.f").calls == ("train:A.f",)


def test_classes_that_are_each_other_s_base_come_to_an_end(script):
    text = "class A(B):\n    def f(self, x):\n        return x\nclass B(A):\n    pass\nB().f(tf.ones([2]))\n"
    assert script(text).function("A.f") is not None


@pytest.mark.parametrize(
    "base", ("tf.keras.Model", "tf.keras.layers.Layer", "tf.keras.layers.Dense", "tf.keras.losses.Loss")
)
def test_keras_passes_tensors_to_the_methods_that_it_calls(script, base):
    text = f"class A({base}):\n    def call(self, x, y=None):\n        return x * 2\n"
    assert script(text).function("A.call").has_tensor_parameter is True


def test_a_class_of_a_class_of_keras_is_one(script):
    text = "class A(tf.keras.Model):\n    pass\nclass B(A):\n    def call(self, x):\n        return x * 2\n"
    assert script(text).function("B.call").has_tensor_parameter is True
