//! What is mined in parts is what one machine mines, line by line.

use super::blocks::{cuts, ragged, rows};
use super::run::{all_tasks, embedded_with, terms};
use nearmiss::compute::{Cpu, Embedded, Engine, Measure, RankOptions};
use nearmiss::dataset::{Dataset, Image};
use nearmiss::dataset::{Decisions, Verdict};
use nearmiss::parts::mine::{
    Merging, MineTerms, MinedReport, finish_mining, mine as mine_part, plan_mining,
};
use nearmiss::parts::plan::{MinePlan, Pace};
use nearmiss::parts::stage::plan_ranking;
use nearmiss::parts::status::status;
use nearmiss::parts::{Run, Stage, finish_ranking};
use nearmiss::retrieval::mine::{
    Corpus, Distinct, Measured, MineOptions, Pairing, Row, Sampling, mine,
};
use nearmiss::retrieval::{Bounds, Doubt, PairSet, Side, Wording};
use nearmiss::task::Task;
use proptest::prelude::*;

/// Names and captions with few words, so that many say the same.
pub fn named(set: &Embedded, rng: &mut fastrand::Rng) -> Dataset {
    let words = ["dog", "cat", "runs", "sits", "grass", "the", "red"];
    let mut caption = || {
        let count = rng.usize(1..5);
        let word = |_| words[rng.usize(..words.len())];
        (0..count).map(word).collect::<Vec<_>>().join(" ")
    };
    let group = |i: usize| {
        let captions = set.groups.range(i).map(|_| caption()).collect();
        (Image::unseen(format!("{i:03}.jpg")), captions)
    };
    let groups = (0..set.images.rows()).map(group).collect();
    Dataset::from_groups("a set", "made", groups, Vec::new())
}

pub fn options(rng: &mut fastrand::Rng) -> MineOptions {
    let some = |rng: &mut fastrand::Rng, value: f32| (rng.u8(..3) == 0).then_some(value);
    MineOptions {
        k: rng.usize(1..5),
        measured: [Measured::Best, Measured::Lowest, Measured::Each][rng.usize(..3)],
        range_min: rng.usize(..4),
        range_max: (rng.u8(..4) == 0).then_some(12),
        min_score: some(rng, 0.05),
        max_score: some(rng, 0.5),
        absolute_margin: some(rng, 0.1),
        relative_margin: some(rng, 0.1),
        margin_below: some(rng, 0.6),
        semi_hard: (rng.u8(..6) == 0).then_some(0.5),
        sampling: if rng.u8(..3) == 0 {
            Sampling::Random { seed: 5 }
        } else {
            Sampling::Top
        },
        distinct: [Distinct::All, Distinct::Equal, Distinct::Near(0.6)][rng.usize(..3)],
        most_uses: rng.bool().then(|| rng.usize(1..4)),
        drop_doubtful: rng.bool(),
    }
}

/// Pairs that were decided about, at random.
fn decisions(dataset: &Dataset, rng: &mut fastrand::Rng) -> Vec<(String, String, Verdict)> {
    let pair = |_| {
        let image = &dataset.images[rng.usize(..dataset.images.len())].name;
        let caption = &dataset.captions[rng.usize(..dataset.captions.len())];
        let verdict = [Verdict::Right, Verdict::Wrong][rng.usize(..2)];
        (image.clone(), caption.clone(), verdict)
    };
    (0..dataset.captions.len() / 4).map(pair).collect()
}

/// The lines of one machine, of these sides.
pub fn whole(
    set: &Embedded,
    dataset: &Dataset,
    options: &MineOptions,
    decided: &[(String, String, Verdict)],
    sides: &[Side],
) -> String {
    let task = Task::detached();
    let wording = Wording::new(&dataset.captions, &task).unwrap();
    let mut decisions = Decisions::default();
    for (image, caption, verdict) in decided {
        decisions.set(image, caption, Some(*verdict));
    }
    let [confirmed, rejected]: [PairSet; 2] =
        [Verdict::Right, Verdict::Wrong].map(|verdict| decisions.rows(dataset, verdict));
    let corpus = Corpus {
        embedded: set,
        wording: Some(&wording),
        confirmed: &confirmed,
        rejected: &rejected,
    };
    let rank = RankOptions {
        k: options.first_look(),
        margin: None,
    };
    let (images, texts) = (&set.images, &set.texts);
    let ranking = Cpu.rank(images, texts, &set.groups, rank, &task).unwrap();
    let bounds = Bounds::learn(&corpus, &task).unwrap();
    let doubt = Doubt {
        corpus: &corpus,
        ranking: &ranking,
        bounds: &bounds,
    };
    let mut lines = String::new();
    for &side in sides {
        let mined = mine(&Cpu, &corpus, &ranking, side, options, Some(&doubt), &task).unwrap();
        let pairing = Pairing {
            mined: &mined,
            direction: if side == Side::Image {
                &ranking.i2t
            } else {
                &ranking.t2i
            },
            doubt: &doubt,
        };
        for u in 0..mined.units.len() {
            for &hit in mined.of(u) {
                let row = Row::new(&pairing.pair(u, hit), side, Some(dataset));
                lines += &serde_json::to_string(&row).unwrap();
                lines.push('\n');
            }
        }
    }
    lines
}

/// Runs the tasks that are missing and merges, until everything is mined; how many rounds there were.
pub fn to_the_end(run: &Run) -> (MinedReport, usize) {
    let task = Task::detached();
    for round in 0..60 {
        let mining = run.mining().unwrap();
        let stages = status(run).unwrap().stages;
        let stage = stages.iter().find(|s| s.stage == Stage::Mine).unwrap();
        assert_eq!(stage.tasks, mining.tasks());
        assert_eq!(stage.further_rounds, mining.rounds.len());
        // In any order.
        let missing = stage.missing_ranges.iter().rev();
        for n in missing.flat_map(|[from, to]| (*from..*to).rev()) {
            assert!(mine_part(run, &mining, n, &Cpu, &task).unwrap());
            assert!(!mine_part(run, &mining, n, &Cpu, &task).unwrap());
        }
        match finish_mining(run, &Cpu, &task).unwrap() {
            Merging::Done(report) => return (report, round),
            Merging::Another(next) => {
                let planned = run.mining().unwrap();
                assert_eq!(next.tasks, [mining.tasks(), planned.tasks()]);
                assert_eq!(next.another_round, mining.rounds.len() + 2);
            }
        }
    }
    panic!("no end of rounds");
}

/// The plan with these decisions, in its place.
fn decide(run: &Run, plan: MinePlan, decisions: Vec<(String, String, Verdict)>) {
    let name = std::path::Path::new(run.store().place()).join("plan-mine.json");
    let plan = MinePlan { decisions, ..plan };
    std::fs::write(name, serde_json::to_vec(&plan).unwrap()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_cut_mines_what_one_machine_mines(seed in any::<u64>()) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let measure = if rng.bool() { Measure::Cosine } else { Measure::Dot };
        let (count, dim) = (rng.usize(2..40), rng.usize(2..16));
        let groups = ragged(count, 5, &mut rng);
        let texts = rows(groups.texts(), dim, measure, &mut rng);
        let set = Embedded::new(rows(count, dim, measure, &mut rng), texts, groups).unwrap();
        let dataset = named(&set, &mut rng);
        let options = options(&mut rng);
        prop_assume!(options.check().is_ok());
        let folder = tempfile::tempdir().unwrap();
        let run: Run = embedded_with(folder.path(), &set, &cuts(count, &mut rng), Some(&dataset));
        let task = Task::detached();
        plan_ranking(&run, &terms(f64::from(rng.u16(50..4000))), &task).unwrap();
        all_tasks(&run);
        finish_ranking(&run, &task).unwrap();
        let decided = decisions(&dataset, &mut rng);
        // Further rounds of many tasks or few, or everything in the merge.
        let pairs = [100.0, 1000.0, 1e11][rng.usize(..3)];
        let terms = MineTerms {
            options,
            sides: vec![Side::Image, Side::Text],
            layout: None,
            queries: rng.usize(1..60),
            pace: Pace { memory: [1 << 20, 1 << 33][rng.usize(..2)], pairs },
            candidates: None,
        };
        let (plan, _) = plan_mining(&run, &terms, &task).unwrap();
        decide(&run, plan, decided.clone());
        let (report, rounds) = to_the_end(&run);
        prop_assert_eq!((report.further_rounds, report.decided), (rounds, decided.len()));
        let found = std::fs::read_to_string(folder.path().join("mined.jsonl")).unwrap();
        let both = [Side::Image, Side::Text];
        prop_assert_eq!(found, whole(&set, &dataset, &options, &decided, &both));
    }
}

/// A set of rows at random with names, embedded.
fn made(folder: &std::path::Path, count: usize, seed: u64) -> (Embedded, Dataset, Run) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let groups = ragged(count, 3, &mut rng);
    let texts = rows(groups.texts(), 12, Measure::Cosine, &mut rng);
    let images = rows(count, 12, Measure::Cosine, &mut rng);
    let set = Embedded::new(images, texts, groups).unwrap();
    let dataset = named(&set, &mut rng);
    let run = embedded_with(folder, &set, &[0, count / 3, count], Some(&dataset));
    (set, dataset, run)
}

#[test]
fn short_lists_go_through_rounds_of_tasks_and_examples_are_those_of_one_machine() {
    let folder = tempfile::tempdir().unwrap();
    let (set, dataset, run) = made(folder.path(), 90, 11);
    let task = Task::detached();
    plan_ranking(&run, &terms(2000.0), &task).unwrap();
    all_tasks(&run);
    finish_ranking(&run, &task).unwrap();
    let options = MineOptions {
        k: 2,
        range_min: 30,
        most_uses: Some(2),
        ..MineOptions::default()
    };
    let terms = |layout, pairs| MineTerms {
        options,
        sides: vec![Side::Image, Side::Text],
        layout,
        queries: 40,
        pace: Pace {
            memory: 1 << 30,
            pairs,
        },
        candidates: None,
    };
    plan_mining(&run, &terms(None, 1500.0), &task).unwrap();
    let (report, rounds) = to_the_end(&run);
    // Lists of 6 do not reach the 32nd: all are searched for, and walked down, more than once.
    assert!(rounds >= 4, "{rounds}");
    assert_eq!(report.second_round, report.queries);
    let found = std::fs::read_to_string(folder.path().join("mined.jsonl")).unwrap();
    let both = [Side::Image, Side::Text];
    assert_eq!(found, whole(&set, &dataset, &options, &[], &both));
    assert_eq!(report.rows, found.lines().count() as u64);
    // The same in the merge alone, and as examples to train on.
    let parquet = |pairs: f64| {
        for name in ["plan-mine.json", "plan-mine.2.json"] {
            std::fs::remove_file(folder.path().join(name)).unwrap();
        }
        let layout = "labeled-pair".parse().unwrap();
        plan_mining(&run, &terms(Some(layout), pairs), &task).unwrap();
        std::fs::write(folder.path().join("plan-mine.2.json"), "of another plan").unwrap();
        let (report, rounds) = to_the_end(&run);
        let file = std::fs::read(folder.path().join("mined.labeled-pair.parquet")).unwrap();
        (report, rounds, file)
    };
    let (in_tasks, rounds, file) = parquet(1500.0);
    assert!(rounds >= 4, "{rounds}");
    let queries = terms(None, 1.0).queries;
    assert!(in_tasks.in_merge <= queries, "{}", in_tasks.in_merge);
    let (in_merge, _, again) = parquet(1e11);
    assert_eq!(
        (in_tasks.rows, in_tasks.skipped),
        (in_merge.rows, in_merge.skipped)
    );
    assert_eq!(file, again);
    // A row for each positive with its label, and for each negative.
    assert!(in_merge.rows > report.rows);
}

#[test]
fn a_damaged_part_of_a_round_is_named_and_a_round_of_other_parts_is_planned_again() {
    let folder = tempfile::tempdir().unwrap();
    let (set, dataset, run) = made(folder.path(), 60, 5);
    let task = Task::detached();
    plan_ranking(&run, &terms(3000.0), &task).unwrap();
    all_tasks(&run);
    finish_ranking(&run, &task).unwrap();
    let options = MineOptions {
        range_min: 12,
        ..MineOptions::default()
    };
    let terms = MineTerms {
        options,
        sides: vec![Side::Text],
        layout: None,
        queries: 25,
        pace: Pace {
            memory: 1 << 30,
            pairs: 900.0,
        },
        candidates: None,
    };
    plan_mining(&run, &terms, &task).unwrap();
    let mining = run.mining().unwrap();
    // Not before its tasks are done.
    let error = finish_mining(&run, &Cpu, &task).unwrap_err();
    assert!(
        error.remedy().contains("--stage mine --task 0"),
        "{}",
        error.remedy()
    );
    let error = mine_part(&run, &mining, mining.tasks(), &Cpu, &task).unwrap_err();
    assert!(
        matches!(error, nearmiss::error::Error::Plan { .. }),
        "{error}"
    );
    for n in 0..mining.tasks() {
        mine_part(&run, &mining, n, &Cpu, &task).unwrap();
    }
    let Merging::Another(round) = finish_mining(&run, &Cpu, &task).unwrap() else {
        panic!("no round");
    };
    assert!(round.searches);
    let mining = run.mining().unwrap();
    let [from, to] = round.tasks;
    for n in from..to {
        mine_part(&run, &mining, n, &Cpu, &task).unwrap();
    }
    let part = folder
        .path()
        .join(format!("parts/mine/{from:05}.safetensors"));
    let mut bytes = std::fs::read(&part).unwrap();
    let at = bytes.len() - 2;
    bytes[at] ^= 4;
    std::fs::write(&part, bytes).unwrap();
    let (_, hash) = mining.work(from).unwrap();
    let broken = nearmiss::parts::merge::check(&run, Stage::Mine, hash, from..to, &task).unwrap();
    assert_eq!(broken.len(), 1);
    assert_eq!(broken[0].task, from);
    // The ranking's task is done again by a machine that finds another last digit: what follows is planned anew.
    let text = folder.path().join("plan-mine.2.json");
    let old = std::fs::read_to_string(&text).unwrap();
    let of = mining.rounds[0].0.of.clone();
    std::fs::write(&text, old.replace(&of, &"0".repeat(64))).unwrap();
    let Merging::Another(again) = finish_mining(&run, &Cpu, &task).unwrap() else {
        panic!("no round");
    };
    assert_eq!(again, round);
    assert_eq!(std::fs::read_to_string(&text).unwrap(), old);
    to_the_end(&run);
    let found = std::fs::read_to_string(folder.path().join("mined.jsonl")).unwrap();
    assert_eq!(found, whole(&set, &dataset, &options, &[], &[Side::Text]));
}

/// Parts know rows by their numbers, decisions by their content: they are not passed over.
#[test]
fn decisions_about_rows_without_names_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut rng = fastrand::Rng::with_seed(3);
    let groups = ragged(4, 2, &mut rng);
    let texts = rows(groups.texts(), 3, Measure::Cosine, &mut rng);
    let set = Embedded::new(rows(4, 3, Measure::Cosine, &mut rng), texts, groups).unwrap();
    let run: Run = embedded_with(folder.path(), &set, &[0, 4], None);
    let task = Task::detached();
    plan_ranking(&run, &terms(4000.0), &task).unwrap();
    all_tasks(&run);
    finish_ranking(&run, &task).unwrap();
    let terms = MineTerms {
        options: MineOptions::default(),
        sides: vec![Side::Image],
        layout: None,
        queries: 4,
        pace: Pace {
            memory: 1 << 30,
            pairs: 1e9,
        },
        candidates: None,
    };
    plan_mining(&run, &terms, &task).unwrap();
    let name = format!("blake3:{:032x}", 7);
    let decisions = serde_json::json!({"version": 1, "decisions": [
        {"image": name, "caption": name, "verdict": "right"}]});
    let beside = folder.path().join("rows");
    std::fs::create_dir(&beside).unwrap();
    std::fs::write(
        beside.join("nearmiss-decisions.json"),
        decisions.to_string(),
    )
    .unwrap();
    let refused = plan_mining(&run, &terms, &task).unwrap_err();
    assert!(
        refused.to_string().contains("1 decisions about rows"),
        "{refused}"
    );
}
