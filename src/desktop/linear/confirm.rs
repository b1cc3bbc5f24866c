//! Attacks on the classifier that is looked at, beside its closed form.

use super::state::{Attacked, Shown, Studied};
use super::{Event, LinearLab, Slot};
use crate::attack::Network;
use crate::attack::Norm as AttackNorm;
use crate::attack::confirm::{Confirm, confirm, pairs};
use crate::compute::{Band, Engine, Grid};
use crate::desktop::core::Level;
use crate::desktop::feature::Desk;
use crate::error::{Error, Result};
use crate::files::replace;
use crate::learn::linear::{Norm, classifier};
use crate::runtime::Provider;
use crate::task::{Task, aside};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

/// Rows that are attacked at most.
const ROWS: usize = 12;

impl LinearLab {
    /// Attacks the classifier that is looked at.
    pub(super) fn confirm(&mut self, desk: &mut Desk<'_, Self>) {
        if desk.is_running(Slot::Confirm) {
            return;
        }
        let now = desk.session.now();
        let (Some(studied), Some(engine)) = (self.state.studied(now).cloned(), desk.engine.clone())
        else {
            return;
        };
        let of = (self.state.shown, self.state.line);
        if self.state.looked_at(&studied).is_none() {
            return;
        }
        if desk.session.runtime.runtime.is_none() {
            let text = "Attacks run the exported classifier in an inference engine, and none is found yet.";
            desk.session.say(Level::Warning, text, "");
            return;
        }
        desk.start(Slot::Confirm, "Attacking the classifier", move |task| {
            let attacked = aside(|| attacked(&studied, of, &*engine, task))?;
            Ok(Event::Attacked(Arc::new(attacked)))
        });
    }
}

/// Attacks rows that are right, of both groups.
fn attacked(
    studied: &Arc<Studied>,
    of: (Shown, usize),
    engine: &dyn Engine,
    task: &Task,
) -> Result<Attacked> {
    let began = Instant::now();
    let problem = &studied.study.problem;
    let weights = &studied.lines(of.0)[of.1].classifier.weights;
    let shape = problem.fourier().shape();
    let scores = problem.scores(weights)?;
    let right: Vec<usize> = (0..problem.count()).filter(|&n| scores[n] > 0.0).collect();
    let step = right.len().div_ceil(ROWS).max(1);
    let rows: Vec<usize> = right.into_iter().step_by(step).collect();
    if rows.is_empty() {
        return Err(Error::request(
            "this classifier is right about no row, so there is nothing to attack",
            "Look at another one.",
        ));
    }
    // Attacks open models by their file.
    let folder = tempfile::tempdir().map_err(Error::io("create", &std::env::temp_dir()))?;
    let path = folder.path().join("classifier.onnx");
    let bytes = classifier(weights, 0.0, shape)?;
    replace(&path, |out| out.write_all(&bytes))?;
    let network = Arc::new(Network::open(&path, &[Provider::Cpu], task)?);
    let mut values = Vec::with_capacity(rows.len() * problem.width());
    for &row in &rows {
        values.extend(problem.row(row)?.into_iter().map(|v| v as f32));
    }
    let labels: Vec<usize> = rows
        .iter()
        .map(|&n| usize::from(problem.labels()[n] > 0))
        .collect();
    let mut radii = Vec::new();
    for norm in Norm::ALL {
        let all = problem.radii(weights, norm)?;
        radii.push((attack_norm(norm), rows.iter().map(|&n| all[n]).collect()));
    }
    let grid = Grid {
        rows: rows.len(),
        channels: shape.channels,
        height: shape.height,
        width: shape.width,
    };
    let found = confirm(
        &Confirm {
            network: &network,
            grid,
            rows: &values,
            labels: &labels,
            radii: &radii,
            pairs: &pairs(grid),
            engine,
            seed: 1,
        },
        task,
    )?;
    Ok(Attacked {
        about: Arc::clone(studied),
        of,
        rows: rows.len(),
        found,
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// The attack lab's name of a norm.
pub fn attack_norm(norm: Norm) -> AttackNorm {
    match norm {
        Norm::L2 => AttackNorm::L2,
        Norm::Linf => AttackNorm::Linf,
        Norm::L1 => AttackNorm::L1,
        Norm::FourierLinf => AttackNorm::Fourier(Band::ALL),
    }
}
