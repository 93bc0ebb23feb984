"""Settings have one place. All else may hand the environment on, but not read it."""

import ast

from frontrow.chassis.environment import Environment

from .tree import name, product, tree

SETTINGS = "frontrow/chassis/environment.py"
HANDING_ON = ("os.environ.items()", "os.environ.update(", "os.environ.setdefault('DJANGO_SETTINGS_MODULE', ")
NAMES = {"environ", "environb", "getenv"}


def others():
    return [path for path in product() if name(path) != SETTINGS]


def uses(path):
    """Every use of the process's environment: itself, what stands around it, and around that."""
    parents = {child: node for node in ast.walk(tree(path)) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and node.attr in NAMES and ast.unparse(node.value) == "os":
            yield node, parents[node], parents.get(parents[node])


def is_handed_on(node, around, call):
    if isinstance(around, ast.Dict):  # {**os.environ, …}
        return around.keys[around.values.index(node)] is None
    return isinstance(call, ast.Call) and ast.unparse(call).startswith(HANDING_ON)


def read(node, around, call):
    """The name that is read, or the whole expression."""
    return call.args[0].value if isinstance(call, ast.Call) and call.args else ast.unparse(around)


def test_nobody_else_reads_the_environment():
    reads = {(name(path), read(*use)) for path in others() for use in uses(path) if not is_handed_on(*use)}
    assert reads == set()


def test_nobody_else_takes_the_environment_by_another_name():
    taken = [
        name(path)
        for path in others()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom)
        and {alias.name for alias in node.names} & {*NAMES, "BaseSettings"}
    ]
    assert taken == []


def test_every_setting_says_what_it_means():
    assert [setting for setting, field in Environment.model_fields.items() if not field.description] == []
