"""The ways in which the local cloud refuses to start; each class owns its sentence."""

from pathlib import Path


class LocalCloudError(Exception):
    """Any reason for which there is no local cloud; its text says what failed and what to do."""


class EnvironmentBuildError(LocalCloudError):
    """A virtual environment could not be built."""

    def __init__(self, name: str, log: Path) -> None:
        super().__init__(f"The virtual environment '{name}' could not be built. pip's output is in {log}.")


class PortTakenError(LocalCloudError):
    """Something else listens on the port that was asked for."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} on 127.0.0.1 is taken. Stop what listens there, or choose another port.")


class StartError(LocalCloudError):
    """The cloud's process ended or stayed silent instead of becoming ready."""

    def __init__(self, what: str, log: Path) -> None:
        super().__init__(f"The local cloud did not start: {what}. Its log is {log}.")


class FailsOpenError(LocalCloudError):
    """A call that AWS would refuse was let through."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The local cloud does not start, for it fails open: {what}.")
