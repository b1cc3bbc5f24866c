//! Figures of an attacked set, as they are told.

use super::super::settings::AttackSettings;
use super::super::victim::Goal;
use super::checkpoint::Cost;
use super::recalls::{Recalls, Success};
use super::table::RowReport;
use super::transfer::TransferReport;
use crate::retrieval::Report;
use serde::Serialize;

/// The set at one radius, over the attacked pictures and their captions, ranked among all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelReport {
    /// The radius.
    pub eps: f32,
    /// Each recall after an attack on that recall.
    pub robust: Recalls,
    /// The same after rounding to 8 bits.
    pub quantized: Recalls,
    /// For each figure, how much the attack took from it.
    pub success: Vec<Success>,
    /// Share of the pictures that stood before (were right at rank 1, or had not reached another goal) and do no longer,
    /// 0 to 1; `None` where that was not attacked for, or where none stood.
    pub success_rate: Option<f64>,
    /// Mean over all perturbations that stand for a figure (or were tried last for it) of the largest change.
    pub mean_linf: f64,
    /// Mean of the Euclidean norm.
    pub mean_l2: f64,
}

/// A figure with what it cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FigureReport {
    /// `i2t` or `t2i`.
    pub direction: &'static str,
    /// The rank.
    pub k: usize,
    /// What it cost beyond the figures before it that it shares perturbations with: deeper ranks come first.
    #[serde(flatten)]
    pub cost: Cost,
}

/// How far the gradients of a run can be trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GradientReport {
    /// Operators that round, which the gradient passes as if they did not: what stands proves nothing.
    pub approximate: Vec<String>,
    /// Pictures of which half or more of the gradients were zero: no step was possible there.
    pub zero: usize,
    /// Pictures that met a gradient with a value that is NaN or infinite.
    pub not_finite: usize,
}

impl GradientReport {
    /// What a reader must know of them, in sentences, where `count` `things` were attacked; nothing where they are exact.
    pub fn warnings(&self, count: usize, things: &str) -> Vec<String> {
        let mut all = Vec::new();
        let blind =
            "what stands there is not shown to be robust; confirm it with a query attack (Square)";
        if self.zero > 0 {
            all.push(format!(
                "The gradient was zero, at half of the steps or more, for {} of {count} {things}: {blind}.",
                self.zero
            ));
        }
        if self.not_finite > 0 {
            all.push(format!(
                "The gradient was not finite for {} of {count} {things}: {blind}.",
                self.not_finite
            ));
        }
        if !self.approximate.is_empty() {
            all.push(format!(
                "The gradient is approximate: {} round and are passed straight through; {}.",
                self.approximate.join(", "),
                blind.replace("there ", "")
            ));
        }
        all
    }
}

/// The figures of a set; with model and data, `settings`, `goal`, `at` and `directions` reproduce them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SetReport {
    /// What the attack wanted.
    pub goal: Goal,
    /// The ranks that were attacked for; empty for goals without.
    pub at: Vec<usize>,
    /// The directions, `i2t` and `t2i`; empty for goals without.
    pub directions: Vec<&'static str>,
    /// The attack and its parameters, with the threat model that was really used.
    pub settings: AttackSettings,
    /// Pictures attacked.
    pub images: usize,
    /// Queries of the first figure that stood before.
    pub stood_before: usize,
    /// Without perturbation.
    pub clean: Report,
    /// Without perturbation: the recalls that were attacked for.
    pub clean_at: Recalls,
    /// One per radius.
    pub levels: Vec<LevelReport>,
    /// One per figure.
    pub figures: Vec<FigureReport>,
    /// How far the gradients can be trusted; `None` for an attack without.
    pub gradient: Option<GradientReport>,
    /// One per query of the first figure, the most easily broken first.
    pub rows: Vec<RowReport>,
    /// What a second encoder makes of the same pictures.
    pub transfer: Option<TransferReport>,
    /// Seconds of attacking.
    pub seconds: f64,
    /// Seconds before the first step: graphs built, the clean set ranked.
    pub prepare_seconds: f64,
    /// Gradients of single pictures per second; forward runs for an attack without gradients.
    pub steps_per_second: f64,
}

/// What a command prints of a report. The keys are a contract; those of one epsilon are of the largest.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct SetAnswer<'a> {
    robust: &'a Recalls,
    quantized: &'a Recalls,
    success: &'a [Success],
    success_rate: Option<f64>,
    mean_linf: f64,
    mean_l2: f64,
    #[serde(flatten)]
    report: &'a SetReport,
}

impl SetReport {
    /// The report with the figures of its largest radius first; `None` where no radius was tried.
    pub fn answer(&self) -> Option<SetAnswer<'_>> {
        let largest = self.levels.last()?;
        Some(SetAnswer {
            robust: &largest.robust,
            quantized: &largest.quantized,
            success: &largest.success,
            success_rate: largest.success_rate,
            mean_linf: largest.mean_linf,
            mean_l2: largest.mean_l2,
            report: self,
        })
    }
}
