"""A graph with one input for all columns of a type: feeding thirty inputs costs a row more than a hundred trees do."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from mltool.serving.backend_onnx import COLUMNS

_NAMES = {TensorProto.FLOAT: "numbers", TensorProto.STRING: "texts", TensorProto.BOOL: "flags"}


def gather(model: Any) -> None:
    """Replace the inputs of an onnx.ModelProto, (rows, 1) for each column, by one (rows, columns) for each type.

    Where the graph joins columns it takes them from there; one that it uses alone is cut out. The model's metadata
    tells the server which columns an input holds, in which order.
    """
    table, nodes = _Table(model.graph), list(model.graph.node)
    alone = {name for node in nodes if not table.joined_by(node) for name in node.input}
    cuts = [table.taking((name,), name) for name in table.places if name in alone]
    joins = [table.taking(node.input, node.output[0]) if table.joined_by(node) else node for node in nodes]
    del model.graph.node[:], model.graph.input[:]
    model.graph.node.extend(cuts + joins)
    model.graph.input.extend(table.inputs())
    helper.set_model_props(model, {COLUMNS: json.dumps(table.columns, ensure_ascii=False)})


class _Table:
    """The columns that a graph takes, grouped by type: `places` says in which input each is, and where in it."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph
        self._known = {name for node in graph.node for name in (*node.input, *node.output)}
        self._known |= {each.name for each in graph.input}
        types = {each.name: each.type.tensor_type.elem_type for each in graph.input}
        self._kinds = {self._free(_NAMES[kind]): kind for kind in dict.fromkeys(types.values())}
        self.columns = {name: [each for each in types if types[each] == kind] for name, kind in self._kinds.items()}
        self.places = {each: (name, at) for name, held in self.columns.items() for at, each in enumerate(held)}

    def inputs(self) -> list[Any]:
        """Return the new inputs."""
        return [
            helper.make_tensor_value_info(name, kind, [None, len(self.columns[name])])
            for name, kind in self._kinds.items()
        ]

    def joined_by(self, node: Any) -> bool:
        """Return whether a node only puts columns of one type side by side."""
        if node.op_type != "Concat" or helper.get_node_attr_value(node, "axis") != 1:
            return False
        homes = {self.places[name][0] if name in self.places else "" for name in node.input}
        return len(homes) == 1 and homes != {""}

    def taking(self, columns: Sequence[str], output: str) -> Any:
        """Return the node that takes these columns of one type from their input."""
        where = self._free(f"{output}_places")
        places = np.array([self.places[name][1] for name in columns], dtype=np.int64)
        self._graph.initializer.append(numpy_helper.from_array(places, where))
        return helper.make_node("Gather", [self.places[columns[0]][0], where], [output], axis=1)

    def _free(self, name: str) -> str:
        """Return a name that nothing in the graph has, and keep it."""
        while name in self._known:
            name += "_"
        self._known.add(name)
        return name
