"""What a project's JavaScript and TypeScript does: its package.json, the commands behind its scripts, and the code that they start.

    files = Files(names, read)                                 the files of the build context, and the text of one
    files.nearest("api")                                       -> Package: package.json, its scripts, dependencies, lifecycle scripts
    unfold("npm start", files, "api", "CMD in line 9")         -> Unfolded: the commands that are really started
    unfold_lifecycle(package, files)                           -> what an install in its folder runs by itself
    read.read_javascript(files, unfolded.commands)             -> NodeProgram: packages, ports, paths written, programs called, routes

*Unknown* always means: it could be anything, and who needs a "no" has none. It is kept in three places: ``Unfolded.unknown`` (a
command that is worked out when it runs), ``NodeProgram.unknown`` (the file that a command runs is not there and not made from one
that is), and ``NodeProgram.behaviour.unknown`` and ``.unparsed`` (single places in the code). ``NodeProgram.complete`` is True where
there is none of the last two. Minified, bundled and vendored files, and those in node_modules, are no evidence: where the program
leads into one, that is unknown. The reader of code is imported where it is first needed: most runs read none.
"""

from dockfix.context.javascript.files import Files, Placed, files_of, member_folders, placed_by
from dockfix.context.javascript.package_json import Lifecycle, Package, local_path, package_of, parse_package
from dockfix.context.javascript.program import Config, Entry, NodeProgram, Read
from dockfix.context.javascript.started import Script, Started, Unfolded
from dockfix.context.javascript.unfold import unfold, unfold_lifecycle

__all__ = [
    "Config",
    "Entry",
    "Files",
    "Lifecycle",
    "NodeProgram",
    "Package",
    "Placed",
    "Read",
    "Script",
    "Started",
    "Unfolded",
    "files_of",
    "local_path",
    "member_folders",
    "package_of",
    "parse_package",
    "placed_by",
    "unfold",
    "unfold_lifecycle",
]
