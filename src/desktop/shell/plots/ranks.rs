//! The distribution of ranks: bars of queries by octaves, and the recall at every rank.

use crate::desktop::core::Bin;
use crate::desktop::core::chart::{Axis, Bar, Chart, Scale, Series};
use crate::desktop::shell::theme::Tokens;
use crate::desktop::shell::widgets::grouped;
use crate::retrieval::Side;
use crate::retrieval::structure::Margins;
use egui::Color32;

/// Ranks from 1 on a logarithmic axis: rank r has the cell from r to r + 1.
fn rank_axis(last: u32) -> Axis {
    Axis {
        scale: Scale::Log2,
        low: Some(1.0),
        high: Some(f64::from(last) + 1.0),
        whole: true,
        ..Axis::new("rank")
    }
}

/// First rank, last rank, and the queries between them.
type RankBin = (u32, u32, usize);

/// The ranks of the right ones: `bins` of first rank, last rank and queries, and the recall at each rank at which it
/// rises. `log`: counts on a logarithmic scale, without the recall.
pub fn ranks(
    title: impl Into<String>,
    (bins, recall): (&[RankBin], &[(u32, f64)]),
    log: bool,
    t: &Tokens,
) -> Chart {
    let all: usize = bins.iter().map(|bin| bin.2).sum();
    let share = |n: usize| 100.0 * n as f64 / all.max(1) as f64;
    let mut so_far = 0;
    let bars = bins
        .iter()
        .map(|&(from, to, queries)| {
            so_far += queries;
            let bin = Bin::Ranks(from, to).title();
            Bar {
                from: f64::from(from),
                to: f64::from(to) + 1.0,
                value: if log { queries as f64 } else { share(queries) },
                colour: if from == 1 { t.good } else { t.bar },
                told: format!(
                    "{bin}: {} queries ({:.1} %), recall at {} {:.1} %",
                    grouped(queries),
                    share(queries),
                    grouped(to as usize),
                    share(so_far)
                ),
            }
        })
        .collect();
    let last = bins.last().map_or(1, |bin| bin.1);
    let y = if log {
        Axis::counts("queries", true)
    } else {
        Axis::percent("queries (%)", 100.0)
    };
    let mut bars = Series::bars("queries by rank", t.bar, bars);
    bars.listed = !log;
    let chart = Chart::new(title, rank_axis(last), y).with(bars);
    if log {
        return chart;
    }
    let curve = recall
        .iter()
        .map(|&(rank, recall)| [f64::from(rank), recall]);
    chart.with(
        Series::line("recall at k", t.text, curve.collect())
            .drawn(1.5, egui_plot::LineStyle::Solid)
            .stepped(),
    )
}

/// The margins in their bins; `colour`: of a bar, by its middle.
pub fn margins(
    title: impl Into<String>,
    margins: &Margins,
    log: bool,
    colour: impl Fn(f64) -> Color32,
    t: &Tokens,
) -> Chart {
    let bins = margins.bins();
    let bars = margins.counts.iter().enumerate().map(|(at, &queries)| {
        let (from, to) = (bins.edge(at), bins.edge(at + 1));
        Bar {
            from,
            to,
            value: queries as f64,
            colour: colour(f64::midpoint(from, to)),
            told: format!(
                "{}: {} queries",
                Bin::Margins { bins, at }.title(),
                grouped(queries)
            ),
        }
    });
    let bars = Series::bars("queries by margin", t.bar, bars.collect());
    let chart = Chart::new(title, Axis::new("margin"), Axis::counts("queries", log)).with(bars);
    chart.ruled(Chart::upright("margin 0", 0.0, t.text))
}

/// What the bar that was clicked holds, of a chart made by [`ranks`] from these bins.
pub fn clicked_rank(
    side: Side,
    bins: &[(u32, u32, usize)],
    clicked: Option<(usize, usize)>,
) -> Option<(Side, Bin)> {
    let (from, to, _) = *bins.get(clicked?.1)?;
    Some((side, Bin::Ranks(from, to)))
}

/// What the bar that was clicked holds, of a chart made by [`margins`].
pub fn clicked_margin(
    side: Side,
    margins: &Margins,
    clicked: Option<(usize, usize)>,
) -> Option<(Side, Bin)> {
    let (_, at) = clicked?;
    let bins = margins.bins();
    Some((side, Bin::Margins { bins, at }))
}

#[cfg(test)]
mod tests {
    use crate::desktop::core::chart::Shape;
    use crate::desktop::shell::theme::DARK;
    use crate::retrieval::{rank_bins, recall, recall_curve};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bars_are_to_scale_and_recall_is_exact(ranks in prop::collection::vec(1_u32..5000, 1..300)) {
            let bins = rank_bins(&ranks);
            prop_assert_eq!(bins.iter().map(|bin| bin.2).sum::<usize>(), ranks.len());
            let curve = recall_curve(&ranks);
            for &(k, value) in &curve {
                prop_assert!((value - recall(&ranks, k as usize)).abs() < 1e-9);
            }
            let chart = super::ranks("t", (&bins, &curve), false, &DARK);
            let Shape::Bars(bars) = &chart.series[0].shape else { panic!("bars") };
            let place = |value: f64| chart.x.scale.place(value);
            let mut sum = 0.0;
            for (bar, bin) in bars.iter().zip(&bins) {
                let inside = ranks.iter().filter(|r| (bin.0..=bin.1).contains(r)).count();
                prop_assert!((bar.value - 100.0 * inside as f64 / ranks.len() as f64).abs() < 1e-9);
                prop_assert!((place(bar.to) - place(bar.from) - 1.0).abs() < 1e-9, "equally wide");
                sum += bar.value;
                // At the end of a bar the recall is the sum of the bars so far.
                prop_assert!((recall(&ranks, bin.1 as usize) - sum).abs() < 1e-9);
            }
        }
    }
}
