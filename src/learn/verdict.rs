//! What runs say together, in words that hold.

use super::comparison::{Apart, compared};
use super::groups::Group;
use super::words::{Figure, title, told};

/// Points of recall by which training must be above the images held out to be told.
const OVERFIT: f64 = 20.0;
/// Points of recall by which a run must have fallen since its best moment to be told.
const FELL: f64 = 2.0;

/// One sentence about `groups`; empty for none.
pub fn headline(groups: &[Group], figure: Figure) -> String {
    let all: Vec<&Group> = groups.iter().collect();
    let pairs = compared(&all, figure);
    if pairs.is_empty() {
        return alone(groups, figure);
    }
    let apart = Apart::of(&pairs);
    let parts = pairs
        .iter()
        .enumerate()
        .map(|(n, pair)| pair.told(&apart, n == 0));
    let text = parts.collect::<Vec<String>>().join("; ");
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// What is to be known of the runs of one panel, in short sentences: MH less SH, how far training is above the images held
/// out, and which fell.
pub fn remarks(groups: &[&Group], figure: Figure) -> Vec<String> {
    let mut remarks: Vec<String> = compared(groups, figure)
        .iter()
        .map(|pair| {
            let names = [title(pair.first), title(pair.second)];
            format!(
                "{} minus {} {}",
                names[0],
                names[1],
                told(pair.difference, pair.seeds)
            )
        })
        .collect();
    let gap = |group: &Group| {
        let train = group.last(&figure.train())?.mean;
        let valid = group.last(&figure.valid())?.mean;
        Some((train - valid, train, valid))
    };
    let widest = groups
        .iter()
        .filter_map(|group| Some((gap(group)?, group)))
        .max_by(|a, b| a.0.0.total_cmp(&b.0.0));
    if let Some(((gap, train, valid), group)) = widest.filter(|((gap, ..), _)| *gap > OVERFIT) {
        let _ = gap;
        remarks.push(format!(
            "{} is right on {train:.0} % in training, {valid:.0} % held out",
            title(group)
        ));
    }
    for group in groups {
        let of = figure.valid();
        let (Some((n, best)), Some(last)) = (group.best(&of), group.last(&of)) else {
            continue;
        };
        if best.mean - last.mean > FELL {
            let step = group.first().points[n].step;
            remarks.push(format!(
                "{} was best at step {step} ({:.1}) and fell since",
                title(group),
                best.mean
            ));
        }
    }
    remarks
}

/// The best group by itself.
fn alone(groups: &[Group], figure: Figure) -> String {
    let all = groups
        .iter()
        .filter_map(|group| Some((group.last(&figure.valid())?, group)));
    let Some((band, group)) = all.max_by(|a, b| a.0.mean.total_cmp(&b.0.mean)) else {
        return String::new();
    };
    let run = group.first();
    let before = group.band(0, &figure.valid()).map_or(0.0, |band| band.mean);
    format!(
        "{} takes {} from {before:.1} to {} % on the {} images held out.",
        title(group),
        figure.name(),
        band.told(),
        run.split.valid.len()
    )
}

#[cfg(test)]
mod tests {
    use super::super::recall::Recalls;
    use super::super::run::{Exchange, Finish, Point, Run};
    use super::super::setup::Setup;
    use super::super::{groups, split::Split};
    use super::*;
    use crate::compute::train::Learned;
    use std::sync::Arc;

    fn run(loss: &str, rate: f32, seed: u64, valid: f64, train: f64) -> Arc<Run> {
        let mut setup = Setup::new(loss.parse().unwrap(), 4, 2);
        setup.seed = seed;
        setup.optimizer.rate = rate;
        let recalls = |r1: f64| Recalls {
            i2t: [r1, 0.0, 0.0],
            t2i: [0.0; 3],
        };
        let point = |step: u64, valid: f64| Point {
            step,
            epoch: Some(step as usize),
            seconds: 0.0,
            drawn: 0,
            seen: 1.0,
            loss: None,
            exchange: Exchange::default(),
            valid: recalls(valid),
            train: recalls(train),
            by_group: Vec::new(),
            ranks: Default::default(),
            hard: Vec::new(),
            active: None,
        };
        Arc::new(Run {
            setup,
            points: vec![point(0, 1.0), point(1, valid + 3.0), point(2, valid)],
            first_loss: None,
            planned: 2,
            mark: String::new(),
            decisions: String::new(),
            grouped: None,
            pairs: 10,
            client_pairs: Vec::new(),
            split: Split::default(),
            train_images: 8,
            engine: String::new(),
            finish: Finish::Finished,
            legs: Vec::new(),
            notes: Vec::new(),
            seen: Vec::new(),
            learned: Learned::default(),
            local: Vec::new(),
        })
    }

    #[test]
    fn a_difference_is_told_with_whether_it_is_settled() {
        let mut runs = Vec::new();
        for (seed, by) in [(1, 1.0), (2, 5.0), (3, -2.0)] {
            runs.push(run("sh", 2e-4, seed, 20.0, 22.0));
            runs.push(run("mh", 2e-4, seed, 20.0 + by, 58.0));
        }
        let found = groups(&runs);
        assert_eq!(found.len(), 2);
        let text = headline(&found, Figure::default());
        // Mean 4/3, sd 3.512, half-width 4.303 x 3.512 / sqrt 3 = 8.72.
        assert_eq!(
            text,
            "MH is ahead of SH by 1.3 ± 8.7 points of R@1, not settled by three seeds."
        );
        for seed in 1..=3 {
            runs.push(run("sh", 1e-3, seed, 28.0, 59.0));
            runs.push(run("mh", 1e-3, seed, 23.0, 93.0));
        }
        let found = groups(&runs);
        let text = headline(&found, Figure::default());
        assert!(text.starts_with("At rate 2e-4 MH is ahead of SH"), "{text}");
        assert!(
            text.ends_with("at rate 1e-3 MH is behind SH by 5.0 ± 0.0, settled by three seeds."),
            "{text}"
        );
        let panel: Vec<&Group> = found[2..].iter().collect();
        let remarks = remarks(&panel, Figure::default());
        assert_eq!(remarks[0], "MH minus SH -5.0 ± 0.0 (settled)");
        assert_eq!(remarks[1], "MH is right on 93 % in training, 23 % held out");
        assert_eq!(remarks[2], "SH was best at step 1 (31.0) and fell since");
    }

    #[test]
    fn only_what_differs_by_the_loss_is_compared() {
        // The same loss at two margins is no comparison of losses.
        let mut other = (*run("mh", 1e-3, 1, 30.0, 40.0)).clone();
        other.setup.margin = 0.5;
        let runs = [run("mh", 1e-3, 1, 28.0, 40.0), Arc::new(other)];
        let found = groups(&runs);
        let text = headline(&found, Figure::default());
        assert_eq!(
            text,
            "MH, margin 0.5 takes R@1 from 1.0 to 30.0 % on the 0 images held out."
        );
        // Of both the better one stands against SH.
        let mut runs = runs.to_vec();
        runs.push(run("sh", 1e-3, 1, 30.0, 40.0));
        let text = headline(&groups(&runs), Figure::default());
        assert_eq!(
            text,
            "MH, margin 0.5 is level with SH, one seed settles nothing."
        );
        // What did not end is not compared.
        let mut stopped = (*run("mh", 1e-3, 1, 80.0, 90.0)).clone();
        stopped.finish = Finish::Diverged;
        let runs = [Arc::new(stopped), run("sh", 1e-3, 1, 30.0, 40.0)];
        let text = headline(&groups(&runs), Figure::default());
        assert!(!text.contains("ahead"), "{text}");
    }

    #[test]
    fn one_seed_settles_nothing() {
        let runs = [
            run("sh", 1e-3, 1, 28.0, 59.0),
            run("mh", 1e-3, 1, 23.0, 93.0),
        ];
        let text = headline(&groups(&runs), Figure::default());
        assert_eq!(
            text,
            "MH is behind SH by 5.0 points of R@1, one seed settles nothing."
        );
        let text = headline(&groups(&runs[..1]), Figure::default());
        assert_eq!(
            text,
            "SH takes R@1 from 1.0 to 28.0 % on the 0 images held out."
        );
        assert_eq!(headline(&[], Figure::default()), "");
        // The same seed trained twice is one run.
        let twice = [Arc::clone(&runs[0]), Arc::clone(&runs[0])];
        assert_eq!(groups(&twice)[0].runs.len(), 1);
    }
}
