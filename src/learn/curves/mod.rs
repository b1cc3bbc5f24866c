//! Curves of runs in files: all figures as CSV, a picture as SVG.

mod svg;

use super::run::Run;
use super::setup::rate;
use crate::error::Result;
use crate::files::write_table;
use std::path::Path;

pub use svg::{Axis, Drawing, ink, write_svg};

/// The columns of the CSV.
const COLUMNS: [&str; 29] = [
    "loss",
    "policy",
    "optimizer",
    "lr",
    "seed",
    "step",
    "epoch",
    "seconds",
    "drawn",
    "seen",
    "train_loss",
    "i2t_r1",
    "i2t_r5",
    "i2t_r10",
    "t2i_r1",
    "t2i_r5",
    "t2i_r10",
    "train_i2t_r1",
    "train_i2t_r5",
    "train_i2t_r10",
    "train_t2i_r1",
    "train_t2i_r5",
    "train_t2i_r10",
    "active",
    "rounds",
    "bytes_up",
    "bytes_down",
    "clients",
    "sync",
];

/// Writes every moment of `runs` as a line: recall in per cent, `seen` a share, an empty field where nothing was measured.
///
/// # Errors
/// The file cannot be written.
pub fn write_csv<'a>(path: &Path, runs: impl IntoIterator<Item = &'a Run>) -> Result<()> {
    write_table(path, &COLUMNS, runs.into_iter().flat_map(lines))
}

fn lines(run: &Run) -> impl Iterator<Item = Vec<String>> + '_ {
    run.points.iter().map(|point| {
        let setup = &run.setup;
        let maybe = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
        let mut line = vec![
            setup.loss.name().to_owned(),
            setup.policy.name().to_owned(),
            setup.optimizer.kind.name().to_owned(),
            rate(setup.optimizer.rate),
            setup.seed.to_string(),
            point.step.to_string(),
            point
                .epoch
                .map_or_else(String::new, |epoch| epoch.to_string()),
            point.seconds.to_string(),
            point.drawn.to_string(),
            point.seen.to_string(),
            maybe(point.loss),
        ];
        let recalls = point.valid.all().into_iter().chain(point.train.all());
        line.extend(recalls.map(|recall| recall.to_string()));
        line.push(maybe(point.active));
        let sent = point.exchange;
        line.extend([sent.rounds, sent.up, sent.down].map(|count| count.to_string()));
        let federation = &setup.federation;
        let about = [federation.clients, federation.sync];
        let by_clients = setup.optimizer.kind.by_clients();
        line.extend(about.map(|count| {
            if by_clients {
                count.to_string()
            } else {
                String::new()
            }
        }));
        line
    })
}
