from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = ROOT / "sdk" / "python"
JAVASCRIPT = ROOT / "sdk" / "javascript"
