"""`irene-jupyter`: the package from a terminal.

Results go to stdout, everything else to stderr. Exit code 0, 1 (failed: one message on stderr,
nothing on stdout) or 2 (usage); 130 after Ctrl-C. Heavy imports stand inside the commands.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import irene_jupyter
from irene_jupyter import calibrate_command, crossvalidate_command
from irene_jupyter.errors import CaptureError, IreneError, OptionError
from irene_jupyter.predictors.paper import METHODS

if TYPE_CHECKING:
    from irene_jupyter.report.report import EnergyReport

INTERRUPTED = 128 + signal.SIGINT


@dataclass(frozen=True)
class Result:
    """What a command has to say: a report and text for a person, or a JSON document."""

    text: str = ""
    report: EnergyReport | None = None
    depth: int | None = None
    document: Any = None
    after: Callable[[], int] | None = None  # once all is printed; its value is the exit code


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code. Prints; never shows a traceback of ours."""
    try:
        arguments = _parser().parse_args(argv)
        if "check" in arguments:  # what argparse cannot say: options that exclude one another
            arguments.check(arguments)
    except SystemExit as stop:  # argparse: 0 after --help and --version, 2 for usage
        return stop.code if isinstance(stop.code, int) else 2
    try:
        # Other packages print too (progress, advice): stdout is for the result alone.
        with contextlib.redirect_stdout(sys.stderr):
            result: Result = arguments.command(arguments)
        _print(result, as_json=getattr(arguments, "json", False))
        return 0 if result.after is None else result.after()
    except IreneError as error:
        print(f"irene-jupyter: {error}", file=sys.stderr)
        return 2 if isinstance(error, OptionError) else 1
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        _silence_stdout()
        return 1
    except KeyboardInterrupt:
        print("irene-jupyter: interrupted", file=sys.stderr)
        return INTERRUPTED


def _print(result: Result, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(result.document, indent=2, allow_nan=False, ensure_ascii=True))
    elif result.report is not None:
        from irene_jupyter.report.text import print_text

        print_text(result.report, sys.stdout, depth=result.depth)
    if result.text and not as_json:
        reconfigure = getattr(sys.stdout, "reconfigure", None)
        if reconfigure is not None:  # a path that the terminal's encoding lacks shows as "?"
            reconfigure(errors="replace")
        print(result.text)
    sys.stdout.flush()


def _silence_stdout() -> None:
    """Points stdout at nothing, so that Python's own flush at exit does not fail again."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


# --- commands -------------------------------------------------------------------------------


def _demo(arguments: argparse.Namespace) -> Result:
    from irene_jupyter import demo
    from irene_jupyter.report.report import EnergyReport

    source = demo.find_notebook()
    folder = _make_folder(arguments.output)
    _say(f"running {source.name} in a kernel of {sys.executable}")
    try:
        notebook = demo.execute(source, folder, progress=_say)
    except demo.NotebookError as error:
        if error.notebook is None:
            raise
        written, _ = demo.write(error.notebook, folder)
        raise IreneError(f"{error}\nThe notebook as far as it came: {written}") from error
    written, page = demo.write(notebook, folder)
    first = next(demo.reports(notebook), None)
    if first is None:
        raise IreneError(f"{source.name} ran, but shows no energy report; see {written}")
    text = f"\nthe notebook   {written}\nas a page      {page}"
    report = EnergyReport.from_dict(first)
    if arguments.lab:
        return Result(text, report, after=lambda: demo.open_lab(written))
    text += f'\nin JupyterLab  {sys.executable} -m jupyterlab "{written}"'
    return Result(text, report)


def _predict(arguments: argparse.Namespace) -> Result:
    model = _model(arguments.model)
    report = irene_jupyter.predict(
        model,
        batch_size=arguments.batch_size,
        seq_len=arguments.seq_len,
        device=arguments.device,
        new_tokens=arguments.new_tokens,
        method=arguments.method,
    )
    return _shown(report, arguments)


def _show(arguments: argparse.Namespace) -> Result:
    return _shown(irene_jupyter.load_report(arguments.file), arguments)


def _shown(report: EnergyReport, arguments: argparse.Namespace) -> Result:
    from irene_jupyter.report.files import write_atomic

    if arguments.save is not None:
        _say(f"saved {report.save(arguments.save)}")
    if arguments.html is not None:
        page = report.to_html(full_page=True).encode()
        _say(f"saved {write_atomic(arguments.html, page, IreneError)}")
    document = report.to_dict() if arguments.json else None
    return Result(report=report, depth=arguments.depth, document=document)


def _train(arguments: argparse.Namespace) -> Result:
    from irene_jupyter.predictors.dataset import load_trees
    from irene_jupyter.predictors.training import train_device

    trees = load_trees(arguments.data)
    profile = train_device(trees, name=arguments.name, label=arguments.label)
    target = arguments.output or Path(f"{arguments.name}.json")
    profile.save(target)
    text = f"{profile.label}: trained on {len(trees)} trees, saved as {target}"
    return Result(text, document=profile.to_dict())


def _crossvalidate(arguments: argparse.Namespace) -> Result:
    text, document, plot = crossvalidate_command.run(arguments)
    if plot is not None:
        _say(f"saved {plot}")
    return Result(text, document=document)


def _calibrate(arguments: argparse.Namespace) -> Result:
    text, document = calibrate_command.run(arguments)
    return Result(text, document=document)


def _devices(arguments: argparse.Namespace) -> Result:
    from irene_jupyter.predictors.device import devices, load_device

    known = devices()
    automatic = load_device("auto").name
    rows = [("NAME", "KIND", "LABEL", "FROM")]
    rows += [(each.name, each.kind, each.label, each.origin) for each in known]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    ]
    document = {
        "devices": [
            {
                "name": each.name,
                "label": each.label,
                "kind": each.kind,
                "origin": each.origin,
                "path": str(each.path),
            }
            for each in known
        ],
        "auto": automatic,
    }
    lines += ["", f"--device auto means {automatic} here"]
    return Result("\n".join(lines), document=document)


def _doctor(arguments: argparse.Namespace) -> Result:
    from irene_jupyter import doctor

    findings = doctor.examine()
    return Result(doctor.as_text(findings), document=doctor.document(findings))


def _log_meter(arguments: argparse.Namespace) -> Result:
    from irene_jupyter.meters.log_meter import log_meter

    text = log_meter(
        arguments.url,
        arguments.output,
        format=arguments.format,
        baud=arguments.baud,
        seconds=arguments.seconds,
        say=_say,
    )
    return Result(text)


# --- arguments --------------------------------------------------------------------------------


def _model(name: str) -> Path | type:
    """A configuration file, a folder that holds one, or a class of transformers by its name.

    Raises `CaptureError` for anything else: nothing is looked up on a network.
    """
    path = Path(name).expanduser()
    if path.is_file() or (path / "config.json").is_file():
        return path
    if os.sep in name or "/" in name or path.suffix == ".json" or name in (os.curdir, os.pardir):
        found = "has no config.json" if path.is_dir() else "does not exist"
        raise CaptureError(
            f"{name} {found}: give a transformers config.json, a folder that holds one, or a "
            "name such as BertConfig or bert. Nothing is downloaded"
        )
    auto: Any = import_module("transformers.models.auto.configuration_auto")
    known: dict[str, str] = {}  # name in lower case -> model type
    for model_type, class_name in auto.CONFIG_MAPPING_NAMES.items():
        known.setdefault(class_name.lower(), model_type)
    known |= {model_type.lower(): model_type for model_type in auto.CONFIG_MAPPING_NAMES}
    model_type = known.get(name.lower())
    if model_type is None:
        from difflib import get_close_matches

        near = get_close_matches(name.lower(), known, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise CaptureError(
            f"{name!r} is neither a path nor a transformers configuration such as BertConfig "
            f"or bert{hint}"
        )
    config: type = auto.CONFIG_MAPPING[model_type]
    return config


def _make_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise IreneError(
            f"cannot make the folder {folder} ({error.strerror}): give another by --output"
        ) from error
    return folder.resolve()


def _positive(text: str) -> int:
    return _whole(text, 1)


def _not_negative(text: str) -> int:
    return _whole(text, 0)


def _whole(text: str, least: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        raise argparse.ArgumentTypeError(f"must be a whole number from {least} on, not {text!r}")
    return value


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, not {text!r}")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="irene-jupyter",
        description="The energy of machine-learning models, node by node.",
    )
    parser.add_argument(
        "--version", action="version", version=f"irene-jupyter {irene_jupyter.__version__}"
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for add in (
        _add_demo,
        _add_predict,
        _add_train,
        _add_crossvalidate,
        _add_calibrate,
        _add_devices,
        _add_show,
        _add_doctor,
        _add_log_meter,
    ):
        add(commands)
    return parser


Commands = Any  # argparse keeps the type of its subparsers to itself


def _add_demo(commands: Commands) -> None:
    demo = commands.add_parser("demo", help="run the first example notebook and show its tree")
    demo.set_defaults(command=_demo)
    demo.add_argument("--lab", action="store_true", help="open the result in JupyterLab")
    demo.add_argument(
        "--output", type=Path, default=Path("demo"), metavar="DIR", help="default: ./demo"
    )


def _add_predict(commands: Commands) -> None:
    predict = commands.add_parser(
        "predict", help="the energy of a model's forward pass, without running it"
    )
    predict.set_defaults(command=_predict)
    predict.add_argument(
        "model",
        metavar="MODEL-CONFIG",
        help="a transformers config.json, a folder that holds one, or a name: BertConfig, bert",
    )
    predict.add_argument("--batch-size", type=_positive, default=8, metavar="N")
    predict.add_argument("--seq-len", type=_positive, default=128, metavar="N", help="tokens")
    predict.add_argument(
        "--new-tokens",
        type=_not_negative,
        default=0,
        metavar="N",
        help="of a generate() with cache after a prompt of --seq-len; default: one forward pass",
    )
    predict.add_argument(
        "--device",
        default="auto",
        metavar="NAME",
        help="a profile's name or path; auto: this machine's own, else gtx1080ti",
    )
    predict.add_argument(
        "--method",
        choices=METHODS,
        default=METHODS[0],
        help="additive, or one of the paper's (default: %(default)s)",
    )
    _add_views(predict)


def _add_train(commands: Commands) -> None:
    train = commands.add_parser("train", help="fit a device profile to measured trees")
    train.set_defaults(command=_train)
    train.add_argument("data", type=Path, metavar="DATA", help="measured trees, .jsonl[.gz]")
    train.add_argument("--name", required=True, help="of the profile, such as gtx1080ti")
    train.add_argument("--label", help="for people, such as 'GTX 1080 Ti PC'")
    train.add_argument("--output", type=Path, metavar="PATH", help="default: ./NAME.json")
    _add_json(train)


def _add_crossvalidate(commands: Commands) -> None:
    command = commands.add_parser(
        "crossvalidate", help="how well a method predicts models that it has not seen"
    )
    check = crossvalidate_command.add_arguments(command)
    command.set_defaults(command=_crossvalidate, check=check)
    _add_json(command)


def _add_calibrate(commands: Commands) -> None:
    command = commands.add_parser(
        "calibrate", help="measure this machine with a power meter: its own device profile"
    )
    calibrate_command.add_arguments(command)
    command.set_defaults(command=_calibrate)
    _add_json(command)


def _add_devices(commands: Commands) -> None:
    devices = commands.add_parser("devices", help="the device profiles that are known here")
    devices.set_defaults(command=_devices)
    _add_json(devices)


def _add_show(commands: Commands) -> None:
    show = commands.add_parser("show", help="a saved report as a tree")
    show.set_defaults(command=_show)
    show.add_argument("file", type=Path, metavar="FILE")
    _add_views(show)


def _add_doctor(commands: Commands) -> None:
    doctor = commands.add_parser(
        "doctor", help="what this machine can measure, what is missing, and what helps"
    )
    doctor.set_defaults(command=_doctor)
    _add_json(doctor)


def _add_log_meter(commands: Commands) -> None:
    log = commands.add_parser("log-meter", help="write a power meter's lines into a CSV file")
    log.set_defaults(command=_log_meter)
    log.add_argument(
        "--url", required=True, help="a device such as /dev/ttyAMA0, or socket://host:port"
    )
    log.add_argument("--output", type=Path, required=True, metavar="FILE.csv", help="a new file")
    log.add_argument(
        "--format",
        choices=("auto", "stock", "irene", "keyvalue"),
        default="auto",
        help="what the meter writes; auto: the first reading tells",
    )
    log.add_argument(
        "--baud", type=_positive, metavar="N", help="default: the format's; 38400 for auto"
    )
    log.add_argument("--seconds", type=_seconds, metavar="N", help="default: until Ctrl-C")


def _add_views(command: argparse.ArgumentParser) -> None:
    command.add_argument("--depth", type=_positive, metavar="N", help="levels of the tree shown")
    command.add_argument("--save", type=Path, metavar="PATH", help="save the report as JSON")
    command.add_argument("--html", type=Path, metavar="PATH", help="save the tree as a page")
    _add_json(command)


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print one JSON document")


if __name__ == "__main__":
    sys.exit(main())
