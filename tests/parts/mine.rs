//! What is mined in parts is what one machine mines, line by line.

use super::blocks::{cuts, ragged, rows};
use super::run::{all_tasks, embedded_with, terms};
use nearmiss::compute::{Cpu, Embedded, Engine, Measure, RankOptions};
use nearmiss::dataset::{Dataset, Image};
use nearmiss::parts::mine::{MineTerms, finish_mining, mine as mine_part, plan_mining};
use nearmiss::parts::stage::plan_ranking;
use nearmiss::parts::{Run, finish_ranking};
use nearmiss::retrieval::mine::{
    Corpus, Distinct, Measured, MineOptions, Pairing, Row, Sampling, mine,
};
use nearmiss::retrieval::{Bounds, Doubt, PairSet, Side, Wording};
use nearmiss::task::Task;
use proptest::prelude::*;

/// Names and captions with few words, so that many say the same.
fn named(set: &Embedded, rng: &mut fastrand::Rng) -> Dataset {
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

fn options(rng: &mut fastrand::Rng) -> MineOptions {
    let some = |rng: &mut fastrand::Rng, value: f32| (rng.u8(..3) == 0).then_some(value);
    MineOptions {
        k: rng.usize(1..5),
        measured: [Measured::Best, Measured::Lowest, Measured::Each][rng.usize(..3)],
        range_min: rng.usize(..4),
        range_max: (rng.u8(..4) == 0).then_some(12),
        max_score: some(rng, 0.5),
        absolute_margin: some(rng, 0.1),
        margin_below: some(rng, 0.6),
        sampling: if rng.u8(..3) == 0 {
            Sampling::Random { seed: 5 }
        } else {
            Sampling::Top
        },
        distinct: [Distinct::All, Distinct::Equal, Distinct::Near(0.6)][rng.usize(..3)],
        drop_doubtful: rng.bool(),
        ..MineOptions::default()
    }
}

/// The lines of one machine.
fn whole(set: &Embedded, dataset: &Dataset, options: &MineOptions) -> String {
    let task = Task::detached();
    let wording = Wording::new(&dataset.captions, &task).unwrap();
    let none = PairSet::default();
    let corpus = Corpus {
        embedded: set,
        wording: Some(&wording),
        confirmed: &none,
        rejected: &none,
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
    for side in [Side::Image, Side::Text] {
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
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
        let terms = MineTerms {
            options,
            sides: vec![Side::Image, Side::Text],
            layout: None,
            queries: rng.usize(1..60),
        };
        let (plan, hash) = plan_mining(&run, &terms, &task).unwrap();
        for n in 0..plan.pieces.len() {
            mine_part(&run, &plan, &hash, n, &task).unwrap();
        }
        finish_mining(&run, &Cpu, &task).unwrap();
        let found = std::fs::read_to_string(folder.path().join("mined.jsonl")).unwrap();
        prop_assert_eq!(found, whole(&set, &dataset, &options));
    }
}
