"""Draws the trained network as an ONNX graph by hand: statistics inside, weights as fp16, any length of speech."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from core_pipeline.engines.asr.demo.train.model import CONFIG, WIDTH

_OPSET, _IR_VERSION = 17, 8
_EPSILON = 1e-5
_LONGEST_WAVE = 10_000  # of FunASR's sinusoidal positions

Weights = Mapping[str, NDArray[np.float32]]


class Graph:
    """Collects the nodes; each method adds one and returns the name of what it gives."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add an operation with one output."""
        output = f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def split(self, value: str, parts: int) -> list[str]:
        """Cut the last axis into equal parts."""
        outputs = [f"part_{len(self._nodes)}_{index}" for index in range(parts)]
        self._nodes.append(helper.make_node("Split", [value], outputs, axis=-1))
        return outputs

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """Add a constant as it is."""
        self._constants.setdefault(name, numpy_helper.from_array(np.asarray(value), name))
        return name

    def weight(self, name: str, *, turned: bool = False) -> str:
        """Add a trained weight, kept as fp16 and widened when the network is loaded."""
        value = self._weights[name]
        self.constant(name, np.ascontiguousarray(value.T if turned else value).astype(np.float16))
        return self.node("Cast", name, to=TensorProto.FLOAT)

    def linear(self, value: str, name: str) -> str:
        """Multiply by a matrix and add its bias."""
        return self.node(
            "Add", self.node("MatMul", value, self.weight(name + ".weight", turned=True)), self.weight(name + ".bias")
        )

    def norm(self, value: str, name: str) -> str:
        """Normalise over the last axis."""
        return self.node(
            "LayerNormalization", value, self.weight(name + ".weight"), self.weight(name + ".bias"), epsilon=_EPSILON
        )

    def model(self, output: str, tokens: int) -> onnx.ModelProto:
        """Return the whole as a model from `frames` (1, T, 560) to `log_posteriors` (1, T, tokens)."""
        self._nodes.append(helper.make_node("Identity", [output], ["log_posteriors"]))
        graph = helper.make_graph(
            self._nodes,
            "demo_recogniser",
            [helper.make_tensor_value_info("frames", TensorProto.FLOAT, [1, "T", WIDTH])],
            [helper.make_tensor_value_info("log_posteriors", TensorProto.FLOAT, [1, "T", tokens])],
            list(self._constants.values()),
        )
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
        onnx.checker.check_model(made)
        return made


def draw(
    weights: Weights, shift: NDArray[np.float32], scale: NDArray[np.float32], tokens: Sequence[str]
) -> onnx.ModelProto:
    """Return the ONNX model of a trained network."""
    graph, encoder = Graph(weights), CONFIG["encoder_conf"]
    value = graph.node("Add", "frames", graph.constant("shift", shift))
    value = graph.node("Mul", value, graph.constant("scale", scale * np.float32(math.sqrt(encoder["output_size"]))))
    value = graph.node("Add", value, _positions(graph))
    value = _layer(graph, value, "encoder.encoders0.0", residual=False)
    for index in range(encoder["num_blocks"] - 1):
        value = _layer(graph, value, f"encoder.encoders.{index}", residual=True)
    value = graph.norm(graph.norm(value, "encoder.after_norm"), "encoder.tp_norm")
    value = graph.node("LogSoftmax", graph.linear(value, "ctc.ctc_lo"), axis=-1)
    return graph.model(value, len(tokens))


def _positions(graph: Graph) -> str:
    half = WIDTH // 2
    waves = np.exp(np.arange(half, dtype=np.float32) * np.float32(-math.log(_LONGEST_WAVE) / (half - 1)))
    one = graph.constant("one", np.array(1, dtype=np.int64))
    length = graph.node("Gather", graph.node("Shape", "frames"), one)
    count = graph.node("Range", one, graph.node("Add", length, one), one)
    column = graph.node("Reshape", count, graph.constant("as_column", np.array([1, -1, 1], dtype=np.int64)))
    time = graph.node("Mul", graph.node("Cast", column, to=TensorProto.FLOAT), graph.constant("waves", waves))
    return graph.node("Concat", graph.node("Sin", time), graph.node("Cos", time), axis=2)


def _layer(graph: Graph, value: str, name: str, *, residual: bool) -> str:
    attended = _attention(graph, graph.norm(value, name + ".norm1"), name + ".self_attn")
    value = graph.node("Add", value, attended) if residual else attended
    inner = graph.linear(graph.norm(value, name + ".norm2"), name + ".feed_forward.w_1")
    return graph.node("Add", value, graph.linear(graph.node("Relu", inner), name + ".feed_forward.w_2"))


def _attention(graph: Graph, value: str, name: str) -> str:
    encoder = CONFIG["encoder_conf"]
    heads, width = encoder["attention_heads"], encoder["output_size"]
    query, key, content = graph.split(graph.linear(value, name + ".linear_q_k_v"), 3)
    by_head = graph.constant("by_head", np.array([1, -1, heads, width // heads], dtype=np.int64))
    joined = graph.constant("joined", np.array([1, -1, width], dtype=np.int64))
    parts = {each: graph.node("Reshape", each, by_head) for each in (query, key, content)}
    queries = graph.node("Transpose", parts[query], perm=[0, 2, 1, 3])
    keys = graph.node("Transpose", parts[key], perm=[0, 2, 3, 1])
    contents = graph.node("Transpose", parts[content], perm=[0, 2, 1, 3])
    small = graph.constant("per_head", np.array((width // heads) ** -0.5, dtype=np.float32))
    scores = graph.node("Softmax", graph.node("MatMul", graph.node("Mul", queries, small), keys), axis=-1)
    mixed = graph.node("Transpose", graph.node("MatMul", scores, contents), perm=[0, 2, 1, 3])
    attended = graph.linear(graph.node("Reshape", mixed, joined), name + ".linear_out")
    return graph.node("Add", attended, _memory(graph, content, name))


def _memory(graph: Graph, content: str, name: str) -> str:
    """Draw SANM's memory: each channel looks at its own neighbours in time."""
    encoder = CONFIG["encoder_conf"]
    reach = (encoder["kernel_size"] - 1) // 2
    channels_first = graph.node("Transpose", content, perm=[0, 2, 1])
    kernel = graph.weight(name + ".fsmn_block.weight")
    looked = graph.node("Conv", channels_first, kernel, group=encoder["output_size"], pads=[reach, reach])
    return graph.node("Add", graph.node("Transpose", looked, perm=[0, 2, 1]), content)
