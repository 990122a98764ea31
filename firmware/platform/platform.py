"""The development platform nn4mc's firmware is built by: compilers come from PATH, nothing is downloaded."""

from platformio.platform.base import PlatformBase


class Nn4mcPlatform(PlatformBase):
    """Adds one thing to PlatformIO's own: SCons without its registry, where that cannot be reached."""

    def configure_default_packages(self, variables, targets):
        """Make SCons available, then let PlatformIO go on as usual."""
        try:
            from nn4mc.build.platformio import ensure_scons  # noqa: PLC0415 - PlatformIO may have another Python
        except ImportError:
            pass  # PlatformIO fetches SCons itself, which needs a network
        else:
            ensure_scons()
        return super().configure_default_packages(variables, targets)
