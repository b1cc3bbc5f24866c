//! What was asked of the mining, and what came of it, in words.

use super::state::{NegativeSet, NegativesPlan, PairOrder};
use crate::error::thousands;
use crate::retrieval::Side;
use crate::retrieval::mine::{Distinct, Measured, Sampling};

/// The settings, those that are as usual left out; `decided` pairs were known, `only` so many images looked at.
pub fn settings(plan: &NegativesPlan, decided: usize, only: Option<usize>) -> String {
    let o = &plan.options;
    let mut parts = vec![match plan.side {
        Side::Image => "images look for captions".to_owned(),
        Side::Text => "captions look for images".to_owned(),
    }];
    let mut add = |text: String| parts.push(text);
    add(match o.measured {
        Measured::Best => format!("{} each", o.k),
        Measured::Lowest => format!("{} each, from the lowest right one", o.k),
        Measured::Each => format!("{} for each pair", o.k),
    });
    let bounds = [
        ("margin below", o.margin_below),
        ("margin of at least", o.absolute_margin),
        (
            "margin of at least this part of the score:",
            o.relative_margin,
        ),
        ("semi-hard below", o.semi_hard),
        ("score of at least", o.min_score),
        ("score of at most", o.max_score),
    ];
    for (what, bound) in bounds {
        if let Some(bound) = bound {
            add(format!("{what} {bound}"));
        }
    }
    if o.range_min > 0 {
        add(format!("the hardest {} passed over", o.range_min));
    }
    if let Some(most) = o.range_max {
        add(format!("among the hardest {}", thousands(most as u64)));
    }
    if let Sampling::Random { seed } = o.sampling {
        add(format!("drawn with seed {seed}"));
    }
    match o.distinct {
        Distinct::Equal => {}
        Distinct::All => add("equal captions count each".to_owned()),
        Distinct::Near(share) => add(format!(
            "captions that share {share} of their words count once"
        )),
    }
    if let Some(uses) = o.most_uses {
        add(format!(
            "each used {} times at most",
            thousands(uses as u64)
        ));
    }
    if o.drop_doubtful {
        add("without those that may fit".to_owned());
    }
    if decided > 0 {
        add(format!("{} pairs decided", thousands(decided as u64)));
    }
    if let Some(images) = only {
        add(format!("among {} images", thousands(images as u64)));
    }
    add(match plan.order {
        PairOrder::Nearest => "nearest first".to_owned(),
        PairOrder::Worst => "worst first".to_owned(),
    });
    parts.join(", ")
}

/// The main figure.
pub fn figure(set: &NegativeSet) -> String {
    let wins = set.pairs.iter().filter(|pair| pair.margin() < 0.0).count();
    let of = match set.plan.options.measured {
        Measured::Each => "pairs",
        Measured::Best | Measured::Lowest => "queries",
    };
    format!(
        "{} hard negatives of {} {of}, {} of them score above the right one",
        thousands(set.pairs.len() as u64),
        thousands(set.units as u64),
        thousands(wins as u64)
    )
}
