"""Compares the figures of a merged run with those of one machine: all but how they were computed. python compare.py REPORT EVAL [MINED LINES]"""
import json, sys

report, whole = (json.load(open(path)) for path in sys.argv[1:3])
left_out = {"engine", "seconds"}
differ = {key for key in report.keys() | whole.keys() if key not in left_out and report.get(key) != whole.get(key)}
if {key for key in differ if key != "data"}:
    sys.exit("these differ: " + ", ".join(f"{key}: {report.get(key)} and {whole.get(key)}" for key in sorted(differ)))
if "data" in differ:  # where the dataset lies may differ
    a, b = ({k: v for k, v in x["data"].items() if k not in ("file", "format")} for x in (report, whole))
    if a != b:
        sys.exit(f"the accounts differ: {a} and {b}")
if len(sys.argv) > 3 and open(sys.argv[3], "rb").read() != open(sys.argv[4], "rb").read():
    sys.exit("the mined negatives differ")
print(f"equal: {report['images']} images, {report['captions']} captions, rsum {report['rsum']:.2f}")
