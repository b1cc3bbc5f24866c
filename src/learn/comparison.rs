//! Which groups are compared with which, and how that is told.

use super::bands::Band;
use super::groups::Group;
use super::run::{Finish, Run};
use super::setup::rate;
use super::words::{Figure, number, title};

/// Two groups of one panel that differ by their loss.
pub struct Pair<'a> {
    /// The first.
    pub first: &'a Group,
    /// What it is compared with.
    pub second: &'a Group,
    /// The first less the second.
    pub difference: Band,
    /// Seeds that both have.
    pub seeds: usize,
    figure: Figure,
}

impl Pair<'_> {
    /// A part of a sentence; the first of several names the recall.
    pub fn told(&self, apart: &Apart, first: bool) -> String {
        let by = match self.difference.half {
            Some(half) => format!("{:.1} ± {half:.1}", self.difference.mean.abs()),
            None => format!("{:.1}", self.difference.mean.abs()),
        };
        let settled = match self.difference.half {
            None => "one seed settles nothing".into(),
            Some(_) if self.difference.is_settled() => {
                format!("settled by {} seeds", number(self.seeds))
            }
            Some(_) => format!("not settled by {} seeds", number(self.seeds)),
        };
        let mean = self.difference.mean;
        let place = match format!("{:.1}", mean.abs()).as_str() {
            "0.0" => "level with",
            _ if mean > 0.0 => "ahead of",
            _ => "behind",
        };
        let at = apart.told(self.first);
        // What all parts have in common is said once.
        let points = if first {
            format!(" points of {}", self.figure.name())
        } else {
            String::new()
        };
        let by = if place == "level with" && self.difference.half.is_none() {
            String::new()
        } else {
            format!(" by {by}{points}")
        };
        format!(
            "{at}{} is {place} {}{by}, {settled}",
            title(self.first),
            title(self.second)
        )
    }
}

/// What tells the panels that are compared apart.
#[expect(clippy::struct_excessive_bools, reason = "each is told or not")]
pub struct Apart {
    optimizer: bool,
    rate: bool,
    head: bool,
    batch: bool,
    epochs: bool,
    clients: bool,
    split: bool,
    other: bool,
}

impl Apart {
    /// Of these pairs.
    pub fn of(pairs: &[Pair<'_>]) -> Self {
        let runs: Vec<_> = pairs.iter().map(|pair| pair.first.first()).collect();
        let differs =
            |same: &dyn Fn(&Run, &Run) -> bool| runs.iter().any(|run| !same(run, runs[0]));
        let mut apart = Self {
            optimizer: differs(&|a, b| a.setup.optimizer.kind == b.setup.optimizer.kind),
            rate: differs(&|a, b| {
                a.setup.optimizer.rate.to_bits() == b.setup.optimizer.rate.to_bits()
            }),
            head: differs(&|a, b| a.setup.head == b.setup.head),
            batch: differs(&|a, b| a.setup.batch == b.setup.batch),
            epochs: differs(&|a, b| a.setup.epochs == b.setup.epochs),
            clients: differs(&|a, b| a.setup.federation == b.setup.federation),
            split: differs(&|a, b| a.split == b.split),
            other: false,
        };
        let told: Vec<String> = pairs.iter().map(|pair| apart.told(pair.first)).collect();
        // Two panels that differ by something else are told apart by their order.
        apart.other = told
            .iter()
            .enumerate()
            .any(|(n, text)| told[..n].contains(text));
        apart
    }

    fn told(&self, group: &Group) -> String {
        let run = group.first();
        let setup = &run.setup;
        let mut parts = Vec::new();
        if self.optimizer {
            parts.push(format!("with {}", setup.optimizer.kind.title()));
        }
        if self.rate {
            parts.push(format!("at rate {}", rate(setup.optimizer.rate)));
        }
        if self.head {
            let kind = if setup.head.hidden.is_some() {
                "hidden layer"
            } else {
                "linear"
            };
            parts.push(format!("with {kind} heads to {}", setup.head.outputs));
        }
        if self.batch {
            parts.push(format!("in batches of {}", setup.batch));
        }
        if self.epochs {
            parts.push(format!("after {} epochs", setup.epochs));
        }
        if self.clients && setup.optimizer.kind.by_clients() {
            parts.push(format!("of {}", setup.federation.title()));
        }
        if self.split {
            parts.push(format!("with {} images held out", run.split.valid.len()));
        }
        if self.other {
            parts.push("in one of the panels".into());
        }
        if parts.is_empty() {
            return String::new();
        }
        format!("{} ", parts.join(", "))
    }
}

/// For each panel of groups that differ by the loss alone: MH less SH where both are there, else the best two.
pub fn compared<'a>(groups: &[&'a Group], figure: Figure) -> Vec<Pair<'a>> {
    let mut left: Vec<&Group> = groups.to_vec();
    // What is under way, or diverged, has no end to be compared.
    left.retain(|group| !matches!(group.first().finish, Finish::Going | Finish::Diverged));
    let mut pairs = Vec::new();
    while let Some(first) = left.first().copied() {
        let (panel, rest): (Vec<&Group>, Vec<&Group>) = left
            .into_iter()
            .partition(|group| group.differs_by_loss(first));
        left = rest;
        let mean = |group: &Group| group.last(&figure.valid()).map_or(0.0, |band| band.mean);
        // Of several groups of one loss, as of two margins, the best.
        let best = |fits: &dyn Fn(&str) -> bool| {
            let own = panel
                .iter()
                .filter(|group| fits(group.first().setup.loss.name()));
            own.copied().max_by(|a, b| mean(a).total_cmp(&mean(b)))
        };
        let named = |name: &str| best(&|own| own == name);
        let chosen = named("mh").zip(named("sh")).or_else(|| {
            let first = best(&|_| true)?;
            let name = first.first().setup.loss.name();
            Some((first, best(&|own| own != name)?))
        });
        let Some((first, second)) = chosen else {
            continue;
        };
        if let Some(difference) = first.less(second, &figure.valid()) {
            pairs.push(Pair {
                seeds: first.shared_seeds(second),
                first,
                second,
                difference,
                figure,
            });
        }
    }
    pairs
}
