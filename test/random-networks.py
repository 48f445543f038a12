"""The other half of test/random-networks.mjs: reads a problem of test/fixtures/network.py a line, writes its results."""
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent / "fixtures"))
from network import line, solve

for problem in sys.stdin:
    print(line(solve(json.loads(problem))), flush=True)
