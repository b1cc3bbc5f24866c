"""Simulates a run of `nearmiss part` on 1 to 256 nodes from measured figures, and what big jobs cost by formula.

    python simulate.py FIGURES.json     python simulate.py --example > FIGURES.json  (names of all figures; values to be replaced)

The simulation is of discrete events. A task waits for a free slot, is given out (`dispatch_seconds` of the scheduler, one task
after the other), reads, computes and writes. Its seconds are drawn from a log-normal distribution of mean `seconds` and
standard deviation `spread` x `seconds`. All transfers go at the same rate, renewed at each event:
    rate = min(mbytes_per_second of a node / slots, mbytes_per_second of the storage / transfers under way)
Nodes begin after `startup_seconds` and fail at `failures_per_hour` (exponential). What ran on one is lost; after
`detect_seconds` its tasks wait again, and `startup_seconds` later it is back. A stage ends with `merges` tasks and then the
plain merge on one slot; the next stage begins after it. Of `runs` runs with different seeds the mean is given:
    node-hours = nodes x hours
    efficiency = ideal / measured,   ideal = sum over all tasks and merges of (seconds + transfer at the rate of a slot) / slots of all nodes

The costs, for I images, C captions, d dimensions, b bytes a value, k best kept of e bytes each, tiles of q queries x c
candidates, and queries Q_I, Q_C (all images and captions, or a sample of each):
    embed, seconds of a slot   = I image_seconds + C caption_seconds
    embeddings, bytes          = (I + C) d b
    pairs                      = I C products  if all are queries (products: 1 if one product serves both directions, else 2),
                                 Q_I C + Q_C I  for a sample
    rank, seconds of a slot    = pairs / pairs_per_second
    tiles                      = products ceil(I/q) ceil(C/c)  if all are queries,  else ceil(Q_I/q) ceil(C/c) + ceil(Q_C/q) ceil(I/c)
    read, bytes                = tiles (q + c) d b   (q, c not above what there is)
    written, bytes             = (Q_I ceil(C/c) + Q_C ceil(I/c)) k e     which the merge reads again; with products = 1 a tile
                                 writes for both directions: Q_I ceil(C/c) + Q_C ceil(I/q)
    node-hours                 = seconds of a slot / slots / 3600 / efficiency
    price                      = node-hours price_per_hour + TB kept price_per_tb_month months
"""
import collections, heapq, itertools, json, math, random, sys

EXAMPLE = {
    "nodes": [1, 2, 4, 8, 16, 32, 64, 128, 256],
    "runs": 5,
    "slots": 8,
    "startup_seconds": 90,
    "detect_seconds": 30,
    "failures_per_hour": 0.005,
    "mbytes_per_second": {"node": 1000, "storage": 20000},
    "dispatch_seconds": 0.002,
    "stages": [
        {"stage": "embed", "tasks": 6000, "seconds": 100, "spread": 0.15, "read_mbytes": 100, "write_mbytes": 2,
         "merges": 16, "merge_seconds": 5, "merge_read_mbytes": 750, "merge_write_mbytes": 0, "plain_merge_seconds": 5},
        {"stage": "rank", "tasks": 4000, "seconds": 120, "spread": 0.1, "read_mbytes": 150, "write_mbytes": 20,
         "merges": 64, "merge_seconds": 10, "merge_read_mbytes": 1250, "merge_write_mbytes": 30, "plain_merge_seconds": 10},
    ],
    "cost": {
        "image_seconds": 0.05, "caption_seconds": 0.01, "pairs_per_second": 2e8, "dimensions": 512, "bytes_per_value": 2,
        "best": 100, "bytes_per_best": 12, "tile_queries": 16384, "tile_candidates": 1048576, "products": 1, "efficiency": 0.9,
        "price_per_hour": 0.4, "price_per_tb_month": 23, "months": 1,
        "jobs": [{"name": "1M images x 5M captions", "images": 1e6, "captions": 5e6},
                 {"name": "10M images x 50M captions", "images": 1e7, "captions": 5e7},
                 {"name": "100,000 of 1B x 1B", "images": 1e9, "captions": 1e9, "sample": 1e5}],
    },
}
BACK, COMPUTED, LOST, FAILS = range(4)


class Simulation:
    def __init__(self, figures, nodes, seed):
        self.f, self.nodes, self.draw = figures, nodes, random.Random(seed)
        self.slot_rate = figures["mbytes_per_second"]["node"] / figures["slots"]
        self.now, self.events, self.order, self.scheduler = 0.0, [], itertools.count(), 0.0
        self.moved, self.transfers, self.under_way = 0.0, [], 0  # megabytes that each transfer since the start would have moved
        self.idle, self.waiting, self.left, self.failures = collections.deque(), collections.deque(), 0, 0
        self.lives = [0] * nodes          # a node that failed and came back has another life
        self.running = [{} for _ in range(nodes)]  # slot -> task, steps that are left, whether it transfers
        for node in range(nodes):
            self.at(figures["startup_seconds"], BACK, node)

    def at(self, delay, kind, *what):
        heapq.heappush(self.events, (self.now + delay, next(self.order), kind, what))

    def rate(self):
        return min(self.slot_rate, self.f["mbytes_per_second"]["storage"] / max(self.under_way, 1))

    def give_out(self):
        while self.waiting and self.idle:
            node, life, slot = self.idle.popleft()
            if life == self.lives[node]:
                task = self.waiting.popleft()
                self.scheduler = max(self.scheduler, self.now) + self.f["dispatch_seconds"]
                self.running[node][slot] = [task, [("wait", self.scheduler - self.now), *task], False]
                self.step(node, life, slot)

    def step(self, node, life, slot):
        task, steps, transfers = self.running[node][slot]
        if transfers:
            self.under_way -= 1
            self.running[node][slot][2] = False
        if not steps:
            del self.running[node][slot]
            self.left -= 1
            self.idle.append((node, life, slot))
            return
        kind, amount = steps.pop(0)
        if kind == "move" and amount > 0:
            self.under_way += 1
            self.running[node][slot][2] = True
            heapq.heappush(self.transfers, (self.moved + amount, next(self.order), node, life, slot))
        else:
            self.at(amount, COMPUTED, node, life, slot)

    def all(self, tasks):
        """Runs tasks (lists of steps) to the end."""
        self.waiting.extend(tasks)
        self.left += len(tasks)
        while self.left:
            self.give_out()
            while self.transfers and self.transfers[0][3] != self.lives[self.transfers[0][2]]:
                heapq.heappop(self.transfers)
            rate = self.rate()
            ends = self.now + (self.transfers[0][0] - self.moved) / rate if self.transfers else math.inf
            if ends <= (self.events[0][0] if self.events else math.inf):
                self.moved, self.now = self.transfers[0][0], ends
                self.step(*heapq.heappop(self.transfers)[2:])
                continue
            when, _, kind, what = heapq.heappop(self.events)
            self.moved, self.now = self.moved + (when - self.now) * rate, when
            if kind == COMPUTED:
                if what[1] == self.lives[what[0]]:
                    self.step(*what)
            elif kind == BACK:
                node = what[0]
                self.idle.extend((node, self.lives[node], slot) for slot in range(self.f["slots"]))
                if self.f["failures_per_hour"] > 0:
                    self.at(self.draw.expovariate(self.f["failures_per_hour"] / 3600), FAILS, node)
            elif kind == FAILS:
                node = what[0]
                self.lives[node] += 1
                self.failures += 1
                self.under_way -= sum(transfers for _, _, transfers in self.running[node].values())
                self.at(self.f["detect_seconds"], LOST, [task for task, _, _ in self.running[node].values()])
                self.at(self.f["detect_seconds"] + self.f["startup_seconds"], BACK, node)
                self.running[node] = {}
            else:
                self.waiting.extendleft(what[0])


def tasks_of(stage, draw):
    width = math.sqrt(math.log(1 + stage["spread"] ** 2))
    middle = math.log(stage["seconds"]) - width ** 2 / 2
    return [[("move", stage["read_mbytes"]), ("work", draw.lognormvariate(middle, width)), ("move", stage["write_mbytes"])]
            for _ in range(stage["tasks"])]


def simulate(figures, nodes, seed):
    """Seconds, ideal seconds and failures of one run."""
    s, draw, work = Simulation(figures, nodes, seed), random.Random(-1 - seed), 0.0
    for stage in figures["stages"]:
        merge = [("move", stage["merge_read_mbytes"]), ("work", stage["merge_seconds"]), ("move", stage["merge_write_mbytes"])]
        for group in (tasks_of(stage, draw), [merge] * stage["merges"], [[("work", stage["plain_merge_seconds"])]]):
            work += sum(amount / s.slot_rate if kind == "move" else amount for task in group for kind, amount in task)
            s.all(group)
    return s.now, work / (nodes * figures["slots"]), s.failures


def cost(c, slots, job):
    images, captions, sample = job["images"], job["captions"], job.get("sample")
    q, k = c["tile_queries"], c["tile_candidates"]
    embed = images * c["image_seconds"] + captions * c["caption_seconds"]
    value = c["dimensions"] * c["bytes_per_value"]
    best = c["best"] * c["bytes_per_best"]

    def tiles(queries, candidates):
        return math.ceil(queries / q) * math.ceil(candidates / k), (min(q, queries) + min(k, candidates)) * value

    if sample:
        asked = [(min(sample, images), captions), (min(sample, captions), images)]
    else:
        asked = [(images, captions), (captions, images)][:c["products"]]
    pairs = sum(queries * candidates for queries, candidates in asked)
    grids = [tiles(*pair) for pair in asked]
    written = sum(queries * math.ceil(candidates / k) * best for queries, candidates in asked)
    if not sample and c["products"] == 1:
        written += captions * math.ceil(images / q) * best
    hours = [seconds / slots / 3600 / c["efficiency"] for seconds in (embed, pairs / c["pairs_per_second"])]
    kept = (images + captions) * value + written
    price = sum(hours) * c["price_per_hour"] + kept / 1e12 * c["price_per_tb_month"] * c["months"]
    return {"embed_node_hours": hours[0], "embeddings_tb": (images + captions) * value / 1e12, "pairs": pairs,
            "tiles": sum(n for n, _ in grids), "rank_node_hours": hours[1], "read_tb": sum(n * b for n, b in grids) / 1e12,
            "written_tb": written / 1e12, "price": price}


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    if sys.argv[1] == "--example":
        return print(json.dumps(EXAMPLE, indent=2))
    figures = json.load(sys.stdin if sys.argv[1] == "-" else open(sys.argv[1], encoding="utf-8"))
    print("nodes      hours  node-hours  efficiency  speed-up  nodes lost", flush=True)
    alone = None
    for nodes in figures["nodes"]:
        runs = [simulate(figures, nodes, seed) for seed in range(figures["runs"])]
        seconds, ideal, failures = (sum(column) / len(runs) for column in zip(*runs))
        alone = alone or seconds * nodes
        print(f"{nodes:5} {seconds / 3600:10.3f} {nodes * seconds / 3600:11.2f} {ideal / seconds:11.1%} {alone / seconds:9.1f} {failures:11.1f}",
              flush=True)
    c = figures.get("cost")
    if c:
        print(f"\n{'job':<28}{'embed':>12}{'embeddings':>12}{'pairs':>10}{'tiles':>10}{'rank':>14}{'read':>10}{'written':>10}{'price':>12}"
              f"{'hours on 64':>14}")
        print(f"{'':<28}{'node-hours':>12}{'TB':>12}{'':>20}{'node-hours':>14}{'TB':>10}{'TB':>10}{'':>12}{'nodes':>14}")
        for job in c["jobs"]:
            x = cost(c, figures["slots"], job)
            print(f"{job['name']:<28}{x['embed_node_hours']:>12,.1f}{x['embeddings_tb']:>12,.3f}{x['pairs']:>10.1e}{x['tiles']:>10,.0f}"
                  f"{x['rank_node_hours']:>14,.1f}{x['read_tb']:>10,.2f}{x['written_tb']:>10,.3f}{x['price']:>12,.2f}"
                  f"{(x['embed_node_hours'] + x['rank_node_hours']) / 64:>14,.2f}")


if __name__ == "__main__":
    main()
