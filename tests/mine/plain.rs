//! The definition of mining, written out over the whole matrix, against the miner that looks no further than it must.

use super::{Set, triples};
use nearmiss::compute::{Cpu, Embedded, Embeddings, Groups, philox};
use nearmiss::retrieval::mine::{Corpus, Distinct, Measured, MineOptions, Sampling, mine};
use nearmiss::retrieval::{PairSet, Side, Wording};
use nearmiss::task::Task;
use proptest::prelude::*;
use std::collections::HashMap;

/// A set with a few words per caption, ragged groups, and equal rows among the embeddings.
fn set(sizes: &[usize], seed: u64) -> Set {
    let mut rng = fastrand::Rng::with_seed(seed);
    let texts: usize = sizes.iter().sum();
    let mut rows = |n: usize| -> Vec<f32> {
        let distinct: Vec<Vec<f32>> = (0..n)
            .map(|_| (0..6).map(|_| rng.f32() - 0.4).collect())
            .collect();
        (0..n)
            .flat_map(|i| distinct[if rng.u8(..) < 40 { rng.usize(..n) } else { i }].clone())
            .collect()
    };
    let (images, captions) = (rows(sizes.len()), rows(texts));
    let words = ["red", "dog", "cat", "the", "ball", "sea"];
    let mut rng = fastrand::Rng::with_seed(seed ^ 1);
    let captions_said: Vec<String> = (0..texts)
        .map(|_| {
            let count = rng.usize(1..4);
            (0..count)
                .map(|_| words[rng.usize(..6)])
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    let mut offsets = vec![0_u32];
    for &size in sizes {
        offsets.push(offsets[offsets.len() - 1] + size as u32);
    }
    let pairs = |rng: &mut fastrand::Rng| -> PairSet {
        (0..3)
            .map(|_| (rng.u32(..sizes.len() as u32), rng.u32(..texts as u32)))
            .collect()
    };
    Set {
        embedded: Embedded::new(
            Embeddings::new(images, 6).unwrap(),
            Embeddings::new(captions, 6).unwrap(),
            Groups::new(offsets).unwrap(),
        )
        .unwrap(),
        wording: Some(Wording::new(&captions_said, &Task::detached()).unwrap()),
        confirmed: pairs(&mut rng),
        rejected: PairSet::new(),
    }
}

/// All that may be taken by each unit, in order, then the assignment.
fn plain(set: &Set, side: Side, o: &MineOptions) -> Vec<[u32; 3]> {
    let (queries, candidates) = match side {
        Side::Image => (&set.embedded.images, &set.embedded.texts),
        Side::Text => (&set.embedded.texts, &set.embedded.images),
    };
    let random = match o.sampling {
        Sampling::Random { seed } => Some(seed),
        Sampling::Top => None,
    };
    let wording = set.wording.as_ref().unwrap();
    let same = |a: usize, b: usize| match o.distinct {
        Distinct::All => false,
        Distinct::Equal => wording.equal(a, b),
        Distinct::Near(part) => wording.equal(a, b) || wording.overlap(a, b) >= part,
    };
    let mut units = Vec::new();
    let mut wishes: Vec<(f64, usize, usize)> = Vec::new();
    for q in 0..queries.rows() {
        let own: Vec<usize> = match side {
            Side::Image => set.embedded.groups.range(q).collect(),
            Side::Text => vec![set.embedded.groups.owner(q)],
        };
        let score = |c: usize| queries.dot(q, candidates, c);
        let mut order: Vec<usize> = (0..candidates.rows())
            .filter(|c| !own.contains(c))
            .collect();
        order.sort_by(|&a, &b| score(b).total_cmp(&score(a)).then(a.cmp(&b)));
        let window = o.range_max.or(random.map(|_| o.range_min + 10 * o.k));
        order.truncate(window.unwrap_or(usize::MAX));
        let mut positives = own.clone();
        positives.sort_by(|&a, &b| score(b).total_cmp(&score(a)).then(a.cmp(&b)));
        match o.measured {
            Measured::Best => positives.truncate(1),
            Measured::Lowest => {
                positives.sort_by(|&a, &b| score(a).total_cmp(&score(b)).then(a.cmp(&b)));
                positives.truncate(1);
            }
            Measured::Each => positives.clone_from(&own),
        }
        for p in positives {
            let (s, mut passed) = (score(p), Vec::<usize>::new());
            for &c in &order {
                let n = score(c);
                let (image, caption) = match side {
                    Side::Image => (q, c),
                    Side::Text => (c, q),
                };
                let ok = o.max_score.is_none_or(|m| n <= m)
                    && o.min_score.is_none_or(|m| n >= m)
                    && o.absolute_margin.is_none_or(|a| n + a <= s)
                    && o.relative_margin.is_none_or(|r| n <= s - s.abs() * r)
                    && o.margin_below.is_none_or(|a| s - n < a)
                    && o.semi_hard.is_none_or(|a| n < s && s - n < a)
                    && !set.confirmed.contains(&(image as u32, caption as u32))
                    && !set.embedded.groups.range(image).any(|j| same(j, caption))
                    && !(side == Side::Image && passed.iter().any(|&b| same(b, c)));
                if ok {
                    passed.push(c);
                }
            }
            let u = units.len();
            units.push((q, p));
            for &c in passed.iter().skip(o.range_min) {
                let measure = match random {
                    Some(seed) => {
                        let counter = [q, c, p, usize::from(side == Side::Text)].map(|v| v as u32);
                        f64::from(philox(counter, [seed as u32, (seed >> 32) as u32])[0])
                    }
                    None => f64::from(s) - f64::from(score(c)),
                };
                wishes.push((measure, u, c));
            }
        }
    }
    // One greedy pass over all pairs.
    wishes.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut used = HashMap::<usize, usize>::new();
    let mut taken = vec![Vec::new(); units.len()];
    for (_, u, c) in wishes {
        let uses = used.entry(c).or_default();
        if taken[u].len() < o.k && *uses < o.most_uses.unwrap_or(usize::MAX) {
            *uses += 1;
            taken[u].push(c);
        }
    }
    let mut rows = Vec::new();
    for (u, mut cs) in taken.into_iter().enumerate() {
        let (q, p) = units[u];
        let score = |c: usize| queries.dot(q, candidates, c);
        cs.sort_by(|&a, &b| score(b).total_cmp(&score(a)).then(a.cmp(&b)));
        rows.extend(cs.into_iter().map(|c| [q, p, c].map(|v| v as u32)));
    }
    rows
}

fn options() -> impl Strategy<Value = MineOptions> {
    let filter = || prop::option::weighted(0.3, -0.4_f32..0.7);
    let ranges = (
        1_usize..5,
        0_usize..4,
        prop::option::weighted(0.3, 0_usize..9),
    );
    let measured = prop::sample::select(vec![Measured::Best, Measured::Lowest, Measured::Each]);
    let sampling = prop_oneof![
        Just(Sampling::Top),
        any::<u64>().prop_map(|seed| Sampling::Random { seed })
    ];
    let distinct = prop::sample::select(vec![Distinct::All, Distinct::Equal, Distinct::Near(0.5)]);
    let uses = prop::option::weighted(0.4, 1_usize..4);
    (
        (ranges, measured, sampling, distinct, uses),
        (
            filter(),
            filter(),
            filter(),
            filter(),
            prop::option::weighted(0.2, 0.0_f32..1.0),
        ),
    )
        .prop_map(
            |((ranges, measured, sampling, distinct, most_uses), filters)| {
                let ((k, range_min, more), (min, margin, absolute, below, relative_margin)) =
                    (ranges, filters);
                MineOptions {
                    k,
                    measured,
                    range_min,
                    range_max: more.map(|more| range_min + k + more),
                    min_score: min,
                    max_score: min.and(margin).map(|_| 0.75),
                    absolute_margin: absolute,
                    relative_margin,
                    margin_below: below,
                    semi_hard: margin.filter(|m| *m > 0.3),
                    sampling,
                    distinct,
                    most_uses,
                    drop_doubtful: false,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_miner_finds_what_the_definition_says(
        sizes in prop::collection::vec(0_usize..5, 2..30),
        seed in any::<u64>(),
        options in options(),
        look in 0_usize..12,
    ) {
        prop_assume!(sizes.iter().sum::<usize>() > 1);
        let set = set(&sizes, seed);
        for side in [Side::Image, Side::Text] {
            let found = set.mine(&Cpu, side, &options, look);
            prop_assert_eq!(triples(&found), plain(&set, side, &options), "{:?} {:?}", side, options);
        }
    }
}

#[test]
fn a_whole_set_of_equal_scores_is_mined_by_row() {
    // More ties than any page holds.
    let images = Embeddings::new([1.0, 2.0].repeat(300), 2).unwrap();
    let texts = Embeddings::new([1.0, 2.0].repeat(600), 2).unwrap();
    let set = Set {
        embedded: Embedded::new(images, texts, Groups::uniform(300, 2)).unwrap(),
        wording: None,
        confirmed: PairSet::new(),
        rejected: PairSet::new(),
    };
    let options = MineOptions {
        k: 2,
        ..MineOptions::default()
    };
    let found = set.mine(&Cpu, Side::Image, &options, options.first_look());
    let rows = triples(&found);
    assert_eq!(&rows[..2], [[0, 0, 2], [0, 0, 3]]);
    assert_eq!(&rows[rows.len() - 2..], [[299, 598, 0], [299, 598, 1]]);
}

#[test]
fn a_cancelled_search_ends() {
    let set = set(&[3; 20], 4);
    let (corpus, ranking): (Corpus<'_>, _) = (set.corpus(), set.rank(&Cpu, 4));
    let task = Task::detached();
    task.cancel();
    let options = MineOptions::default();
    let found = mine(&Cpu, &corpus, &ranking, Side::Image, &options, None, &task);
    assert!(found.is_err_and(|e| e.is_cancelled()));
}
