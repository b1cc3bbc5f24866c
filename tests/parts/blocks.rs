//! Blocks of the similarity add up to the whole, to the last bit.

use nearmiss::compute::{
    Block, Cpu, Embeddings, Engine, Found, Groups, Measure, Queries, RankOptions, Ranking, Seen,
    own_scores,
};
use nearmiss::task::Task;
use proptest::prelude::*;
use std::ops::Range;

/// Rows with many ties: values out of a few, some rows repeated.
pub fn rows(count: usize, dim: usize, measure: Measure, rng: &mut fastrand::Rng) -> Embeddings {
    let mut all: Vec<Vec<f32>> = Vec::new();
    for _ in 0..count {
        let row = if !all.is_empty() && rng.u8(..4) == 0 {
            all[rng.usize(..all.len())].clone()
        } else if rng.bool() {
            (0..dim).map(|_| f32::from(rng.i8(-1..=1)) + 0.25).collect()
        } else {
            (0..dim).map(|_| rng.f32() - 0.4).collect()
        };
        all.push(row);
    }
    Embeddings::measured(all.concat(), dim, measure).expect("finite rows")
}

/// Groups of 1 to `most` captions, now and then many more.
pub fn ragged(images: usize, most: usize, rng: &mut fastrand::Rng) -> Groups {
    let mut offsets = vec![0];
    for _ in 0..images {
        let count = if rng.u8(..9) == 0 {
            4 * most
        } else {
            rng.usize(1..=most)
        };
        offsets.push(offsets[offsets.len() - 1] + count as u32);
    }
    Groups::new(offsets).expect("rising")
}

/// Places to cut `count` things at.
pub fn cuts(count: usize, rng: &mut fastrand::Rng) -> Vec<usize> {
    let mut all: Vec<usize> = (0..rng.usize(0..4)).map(|_| rng.usize(0..=count)).collect();
    all.extend([0, count]);
    all.sort_unstable();
    all.dedup();
    all
}

fn block(
    images: &Embeddings,
    texts: &Embeddings,
    groups: &Groups,
    pairs: &[f32],
    rows: Range<usize>,
    columns: Range<usize>,
    options: RankOptions,
) -> Found {
    let own: Vec<Range<u32>> = rows
        .clone()
        .map(|i| {
            let own = groups.range(i);
            let at = |j: usize| (j.clamp(columns.start, columns.end) - columns.start) as u32;
            at(own.start)..at(own.end)
        })
        .collect();
    let first = groups.offsets()[rows.start];
    let offsets: Vec<u32> = groups.offsets()[rows.start..=rows.end]
        .iter()
        .map(|o| o - first)
        .collect();
    let of_rows = groups.range(rows.start).start..groups.range(rows.end - 1).end;
    let block = Block {
        images: &images.slice(rows.clone()),
        texts: &texts.slice(columns.clone()),
        own: &own,
        of_images: Some(Queries {
            scores: &pairs[of_rows],
            offsets: Some(&offsets),
        }),
        of_texts: Some(Queries {
            scores: &pairs[columns.clone()],
            offsets: None,
        }),
        options,
    };
    let mut found = Cpu.block(&block, &Task::detached()).expect("a block");
    found.images = found.images.with_room(options.k);
    found.images.renumber(|n| n + columns.start as u32);
    found.texts = found.texts.with_room(options.k);
    found.texts.renumber(|n| n + rows.start as u32);
    found
}

fn joined(parts: Vec<Seen>) -> Seen {
    parts.into_iter().fold(Seen::default(), |mut all, part| {
        all.top.k = part.top.k;
        all.above.extend(part.above);
        all.hardest.extend(part.hardest);
        all.top.hits.extend(part.top.hits);
        all
    })
}

fn same(whole: &Ranking, images: Seen, texts: Seen, k: usize, factor: f32) {
    for (direction, seen) in [(&whole.i2t, images), (&whole.t2i, texts)] {
        let ranks: Vec<u32> = seen.above.iter().map(|n| n + 1).collect();
        assert_eq!(direction.ranks, ranks);
        let scaled = |hits: &[nearmiss::compute::Hit]| -> Vec<(u32, u32)> {
            let of = |hit: &nearmiss::compute::Hit| ((hit.score * factor).to_bits(), hit.index);
            hits.iter().map(of).collect()
        };
        let plain = |hits: &[nearmiss::compute::Hit]| -> Vec<(u32, u32)> {
            hits.iter().map(|h| (h.score.to_bits(), h.index)).collect()
        };
        assert_eq!(plain(&direction.hardest), scaled(&seen.hardest));
        let kept = direction.negatives.k;
        assert!(kept <= k);
        for q in 0..ranks.len() {
            let row = scaled(seen.top.row(q));
            assert_eq!(plain(direction.negatives.row(q)), row[..kept], "query {q}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_cut_of_any_set_is_the_whole(seed in any::<u64>()) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (count, dim) = (rng.usize(1..90), rng.usize(1..40) * if rng.u8(..6) == 0 { 30 } else { 1 });
        let measure = if rng.bool() { Measure::Cosine } else { Measure::Dot };
        let groups = ragged(count, 5, &mut rng);
        let images = rows(count, dim, measure, &mut rng);
        let texts = rows(groups.texts(), dim, measure, &mut rng);
        let options = RankOptions { k: rng.usize(0..12), margin: Some(rng.f32()) };
        let whole = Cpu.rank(&images, &texts, &groups, options, &Task::detached()).expect("ranked");
        let pairs = own_scores(&images, &texts, &groups);
        let down = cuts(count, &mut rng);
        let across = cuts(groups.texts(), &mut rng);
        let mut of_images: Vec<Seen> = Vec::new();
        let mut of_texts: Vec<Option<Seen>> = vec![None; across.len() - 1];
        let mut hinges = 0_i128;
        for row in down.windows(2) {
            let mut own: Option<Seen> = None;
            for (n, column) in across.windows(2).enumerate() {
                let found = block(&images, &texts, &groups, &pairs, row[0]..row[1], column[0]..column[1], options);
                hinges += found.hinges;
                match &mut own { None => own = Some(found.images), Some(own) => own.merge(&found.images) }
                match &mut of_texts[n] { None => of_texts[n] = Some(found.texts), Some(own) => own.merge(&found.texts) }
            }
            of_images.extend(own);
        }
        let factor = images.factor(&texts);
        let texts_seen = joined(of_texts.into_iter().flatten().collect());
        same(&whole, joined(of_images), texts_seen, options.k, factor);
        let steps = nearmiss::compute::Steps::new(options.margin.unwrap_or_default() / factor);
        prop_assert_eq!(whole.sum_of_hinges.to_bits(), (steps.value(hinges) * f64::from(factor)).to_bits());
    }
}
