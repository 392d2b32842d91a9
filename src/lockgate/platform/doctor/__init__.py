"""`lockgate doctor`: looks at every part of a platform and says what is wrong and what cures it.

One small function per check in the modules here, all listed in ``checks``; ``examine`` runs them beside each other.
To add a check, write a function that takes the project's folder and yields findings, and list it.
"""

from lockgate.platform.doctor.examine import examine
from lockgate.platform.doctor.finding import Finding, Status

__all__ = ["Finding", "Status", "examine"]
