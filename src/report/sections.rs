//! The sections of an evaluation in figures: recall, histograms, recall by length.

use super::{Bar, Block, Chart, Section, Tone};
use crate::compute::Direction;
use crate::dataset::Dataset;
use crate::error::thousands;
use crate::retrieval::{Evaluation, Metrics, Report, Side, histogram, rank_bins};

/// Bins of the histogram of margins.
const BINS: usize = 32;

/// The figures of both directions, and the losses.
pub fn metrics(report: &Report, margin: f32) -> Section {
    let row = |name: &str, m: &Metrics| {
        let mut row = vec![name.to_owned()];
        row.extend([m.r1, m.r5, m.r10].map(|r| format!("{r:.2}")));
        row.extend([format!("{:.1}", m.medr), format!("{:.2}", m.meanr)]);
        row
    };
    let columns = ["", "R@1 %", "R@5 %", "R@10 %", "Median rank", "Mean rank"];
    Section {
        title: "Retrieval".into(),
        note: format!("Protocol: {}.", report.protocol),
        blocks: vec![
            Block::Table {
                columns: columns.map(str::to_owned).to_vec(),
                rows: vec![
                    row("Image to text", &report.i2t),
                    row("Text to image", &report.t2i),
                ],
            },
            Block::Text(format!(
                "Sum of the six recalls {:.1}. Losses with margin {margin}, mean per pair: sum of hinges {:.4}, \
                 max of hinges {:.4}.",
                report.rsum, report.loss_sh, report.loss_mh
            )),
        ],
    }
}

/// Histograms of ranks and margins, both directions.
pub fn histograms(evaluation: &Evaluation) -> Section {
    let charts = |side: Side, name: &str| {
        let direction = evaluation.direction(side);
        [
            ranks(direction, format!("{name}: rank of the right one")),
            margins(direction, format!("{name}: margin")),
        ]
    };
    let mut all = Vec::new();
    all.extend(charts(Side::Image, "Image to text"));
    all.extend(charts(Side::Text, "Text to image"));
    Section {
        title: "Ranks and margins".into(),
        note: "Queries by the rank of the right one, and by its score less that of the hardest negative: below zero \
               (red) the negative ranks first."
            .into(),
        blocks: vec![Block::Charts(all)],
    }
}

fn ranks(direction: &Direction, title: String) -> Chart {
    let bars = rank_bins(&direction.ranks)
        .into_iter()
        .map(|(from, to, queries)| {
            let range = if from == to {
                from.to_string()
            } else {
                format!("{from}–{to}")
            };
            Bar {
                label: from.to_string(),
                value: queries as f64,
                hint: format!("rank {range}: {} queries", thousands(queries as u64)),
                tone: if from == 1 { Tone::Good } else { Tone::Plain },
            }
        })
        .collect();
    Chart { title, bars }
}

fn margins(direction: &Direction, title: String) -> Chart {
    let all: Vec<f32> = (0..direction.ranks.len())
        .map(|q| direction.margin(q))
        .filter(|m| m.is_finite())
        .collect();
    let (low, high) = all
        .iter()
        .fold((0.0_f32, 0.0_f32), |(l, h), &m| (l.min(m), h.max(m)));
    if low >= high {
        return Chart {
            title,
            bars: Vec::new(),
        };
    }
    // Zero lies between two bins, so that a bin is right or wrong as a whole.
    let width = (high - low) / (BINS - 1) as f32;
    let below = (-low / width).ceil();
    let (low, high) = (-below * width, (BINS as f32 - below) * width);
    let bars = histogram(&all, low, high, BINS)
        .into_iter()
        .enumerate()
        .map(|(i, [centre, share])| {
            let queries = (share * all.len() as f64).round();
            let edge = centre - f64::from(width) / 2.0;
            // Every fourth from zero on; a label names the lower end of its bin.
            let labelled = (i as i64 - below as i64) % 4 == 0;
            let label = match (labelled, i == below as usize) {
                (true, true) => "0".to_owned(),
                (true, false) => format!("{edge:.2}").replace('-', "−"),
                (false, _) => String::new(),
            };
            Bar {
                label,
                value: queries,
                hint: format!("margin near {centre:.3}: {queries} queries"),
                tone: if centre < 0.0 { Tone::Bad } else { Tone::Plain },
            }
        })
        .collect();
    Chart { title, bars }
}

/// Recall of captions by how many words they have, in four parts of about the same size, with 95 % intervals
/// (Wilson's score).
pub fn lengths(dataset: &Dataset, evaluation: &Evaluation) -> Section {
    const PARTS: usize = 4;
    let ranks = &evaluation.ranking.t2i.ranks;
    let counts: Vec<usize> = dataset
        .captions
        .iter()
        .map(|c| c.split_whitespace().count())
        .collect();
    let mut sorted = counts.clone();
    sorted.sort_unstable();
    let mut ends: Vec<usize> = (1..=PARTS)
        .filter_map(|p| {
            sorted
                .get((p * sorted.len() / PARTS).checked_sub(1)?)
                .copied()
        })
        .collect();
    ends.dedup();
    let mut from = sorted.first().copied().unwrap_or(0);
    let mut rows = Vec::new();
    for end in ends {
        let of: Vec<u32> = counts
            .iter()
            .zip(ranks)
            .filter(|(n, _)| (from..=end).contains(*n))
            .map(|(_, &rank)| rank)
            .collect();
        let name = if from == end {
            format!("{end}")
        } else {
            format!("{from}–{end}")
        };
        let right = of.iter().filter(|&&rank| rank == 1).count();
        let (low, high) = wilson(right, of.len());
        let m = Metrics::from_ranks(&of);
        rows.push(vec![
            format!("{name} words"),
            thousands(of.len() as u64),
            format!("{:.2}", m.r1),
            format!("{low:.1}–{high:.1}"),
            format!("{:.2}", m.r5),
            format!("{:.2}", m.r10),
        ]);
        from = end + 1;
    }
    let columns = [
        "Captions of",
        "Captions",
        "R@1 %",
        "95 %",
        "R@5 %",
        "R@10 %",
    ];
    Section {
        title: "By length of the caption, text to image".into(),
        note: String::new(),
        blocks: vec![Block::Table {
            columns: columns.map(str::to_owned).to_vec(),
            rows,
        }],
    }
}

/// Wilson's score interval of `right` of `n`, in per cent.
fn wilson(right: usize, n: usize) -> (f64, f64) {
    const Z: f64 = 1.959_963_984_540_054;
    if n == 0 {
        return (0.0, 100.0);
    }
    let (n, share) = (n as f64, right as f64 / n as f64);
    let scale = 1.0 + Z * Z / n;
    let middle = (share + Z * Z / (2.0 * n)) / scale;
    let half = Z / scale * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    (
        100.0 * (middle - half).max(0.0),
        100.0 * (middle + half).min(1.0),
    )
}
