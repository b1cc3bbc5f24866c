//! What `nearmiss grad` prints.

use super::super::output::counted;
use crate::attack::{gradient_fault, possible};
use crate::error::{Blocking, thousands};
use crate::grad::{Card, Check, Fault, Measured, Product, Reached, Second, Standing};
use crate::onnx::{GraphEngine, Tensor};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What `--json` prints.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) supported: bool,
    pub(super) blocking: Vec<Blocking>,
    approximate: Vec<String>,
    ops: BTreeMap<String, usize>,
    /// What was computed, of all targets together; none where it is blocked.
    gradient: Option<Found>,
    /// The self-check of the target that passes it least well.
    check: Option<Check>,
    /// Each target by itself.
    targets: Vec<Target>,
    /// What --forward or --hessian makes.
    product: Option<Multiplied>,
    forward_ms: Option<f64>,
    gradient_ms: Option<f64>,
    engine: String,
}

/// What a gradient was found to be.
#[derive(Serialize)]
struct Found {
    /// How many values it has.
    values: usize,
    /// How many of them are not finite.
    not_finite: usize,
    /// Is every one zero?
    zero: bool,
}

/// The gradient with respect to one target.
#[derive(Serialize)]
struct Target {
    name: String,
    shape: Vec<usize>,
    #[serde(flatten)]
    found: Found,
    /// Does the output depend on it at all?
    depends: bool,
    /// Its length, the root of the sum of squares; none where it is not finite.
    norm: Option<f64>,
    check: Option<Check>,
}

/// A product with a Jacobian or a Hessian.
#[derive(Serialize)]
struct Multiplied {
    /// `jacobian` or `hessian`.
    of: &'static str,
    /// One shape: that of the output; of a Hessian those of the targets.
    shapes: Vec<Vec<usize>>,
    #[serde(flatten)]
    found: Found,
    norm: Option<f64>,
    /// How far it is from what the gradients say.
    mismatch: Option<f64>,
    ms: f64,
}

impl From<&Reached> for Target {
    fn from(t: &Reached) -> Self {
        Self {
            name: t.name.clone(),
            shape: t.gradient.shape().to_vec(),
            found: Found {
                values: t.gradient.len(),
                not_finite: t.not_finite,
                zero: t.zero,
            },
            depends: t.depends,
            norm: norm(std::slice::from_ref(&t.gradient)),
            check: t.check,
        }
    }
}

impl From<&Product> for Multiplied {
    fn from(p: &Product) -> Self {
        Self {
            of: word(p.of),
            shapes: p.values.iter().map(|t| t.shape().to_vec()).collect(),
            found: Found {
                values: p.values.iter().map(Tensor::len).sum(),
                not_finite: p.not_finite,
                zero: p.zero,
            },
            norm: norm(&p.values),
            mismatch: p.mismatch,
            ms: p.ms,
        }
    }
}

fn word(of: Second) -> &'static str {
    match of {
        Second::Jacobian => "jacobian",
        Second::Hessian => "hessian",
    }
}

fn norm(tensors: &[Tensor]) -> Option<f64> {
    let values = tensors.iter().filter_map(Tensor::to_floats).flatten();
    let norm = values.map(|v| f64::from(v).powi(2)).sum::<f64>().sqrt();
    norm.is_finite().then_some(norm)
}

impl Report {
    /// Of a card that was made on `engine`.
    pub(super) fn new(card: &Card, engine: &dyn GraphEngine) -> Self {
        let measured = card.measured.as_ref();
        let provider = measured.map(|m| m.provider.as_str());
        let targets = measured.map(|m| m.targets.as_slice()).unwrap_or_default();
        Self {
            supported: card.supported(),
            blocking: card.survey.blocking.clone(),
            approximate: card.survey.approximate.clone(),
            ops: card
                .survey
                .ops
                .iter()
                .map(|(name, (n, _))| (name.clone(), *n))
                .collect(),
            gradient: measured.map(|m| Found {
                values: m.values(),
                not_finite: m.not_finite(),
                zero: m.zero(),
            }),
            check: measured.and_then(Measured::check),
            targets: targets.iter().map(Target::from).collect(),
            product: measured.and_then(|m| m.product.as_ref().map(Multiplied::from)),
            forward_ms: measured.map(|m| m.forward_ms),
            gradient_ms: measured.map(|m| m.gradient_ms),
            engine: provider.map_or_else(|| engine.name(), |p| format!("{}, {p}", engine.name())),
        }
    }
}

/// What is wrong with the gradients, and with the product.
pub(super) fn faults(card: &Card) -> Vec<String> {
    let Some(measured) = &card.measured else {
        return Vec::new();
    };
    let mut faults = Vec::new();
    if let [_] = measured.targets.as_slice() {
        faults.extend(gradient_fault(card));
        let apart = measured.targets.iter().filter(|t| !t.depends);
        faults.extend(apart.map(independent));
    } else {
        faults.extend(measured.targets.iter().filter_map(of_target));
    }
    if let Some(p) = &measured.product {
        if p.not_finite > 0 {
            faults.push(format!(
                "The product with the {} is not finite at {} for this input.",
                capital(p.of),
                counted(p.not_finite, "value")
            ));
        }
        if let Some(off) = p.mismatch.filter(|&m| m > LARGEST_MISMATCH) {
            faults.push(format!(
                "The product with the {} does not fit the gradients: it is off by {off:.1e} of their size.",
                capital(p.of)
            ));
        }
    }
    faults
}

/// What two inner products that should be one may differ by, as a share of their sizes: they are sums of float32.
const LARGEST_MISMATCH: f64 = 1e-2;

fn capital(of: Second) -> &'static str {
    match of {
        Second::Jacobian => "Jacobian",
        Second::Hessian => "Hessian",
    }
}

fn independent(t: &Reached) -> String {
    format!(
        "The output does not depend on {}: that gradient is zero.",
        t.name
    )
}

/// What is wrong with the gradient of one of several targets.
fn of_target(t: &Reached) -> Option<String> {
    if !t.depends {
        return Some(independent(t));
    }
    Some(match t.fault()? {
        Fault::NotFinite { values, of } => format!(
            "The gradient of {} is not finite at {} of {} for this input.",
            t.name,
            thousands(values as u64),
            counted(of, "value")
        ),
        Fault::Zero { .. } => format!("The gradient of {} is zero for this input.", t.name),
        Fault::Disagrees { .. } => format!(
            "The gradient of {} is not what the model's central differences say for this input.",
            t.name
        ),
    })
}

/// The same in words.
pub(super) fn describe(card: &Card, report: &Report) -> String {
    let mut text = String::new();
    let mut line = |parts: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{parts}");
    };
    line(format_args!("{}", possible(card)));
    line(format_args!(""));
    for port in &card.inputs {
        line(format_args!("input    {port}"));
    }
    for port in &card.outputs {
        line(format_args!("output   {port}"));
    }
    line(format_args!(
        "weights  {}",
        thousands(card.parameters as u64)
    ));
    let kinds = [
        (Standing::Exact, "exact"),
        (Standing::Approximate, "approximate"),
        (Standing::Blocking, "blocking"),
        (Standing::Idle, "off the path"),
    ];
    for (standing, word) in kinds {
        let names: Vec<String> = card
            .survey
            .ops
            .iter()
            .filter(|(_, (_, s))| *s == standing)
            .map(|(name, (n, _))| format!("{name} {n}"))
            .collect();
        if !names.is_empty() {
            line(format_args!("{word}: {}", names.join(", ")));
        }
    }
    for (op, why, nodes) in Blocking::grouped(&card.survey.blocking) {
        line(format_args!("blocked by {op}: {why}: {}", nodes.join(", ")));
    }
    if let Some(m) = &card.measured {
        text.push('\n');
        text.push_str(&figures(m, report));
    }
    text
}

/// Times and values of what was computed.
fn figures(m: &Measured, report: &Report) -> String {
    let mut text = format!(
        "forward {:.2} ms, loss and gradient {:.2} ms ({:.2} times), {}\n",
        m.forward_ms,
        m.gradient_ms,
        m.gradient_ms / m.forward_ms.max(1e-9),
        report.engine
    );
    let several = m.targets.len() > 1;
    for t in &m.targets {
        let of = if several {
            format!("by {}, of ", t.name)
        } else {
            "of ".to_owned()
        };
        let _ = writeln!(
            text,
            "gradient {of}{}: {}",
            counted(t.gradient.len(), "value"),
            state(t.not_finite, t.zero)
        );
        if let Some(check) = &t.check {
            let _ = writeln!(
                text,
                "self-check in {}: {}",
                counted(check.samples, "direction"),
                verdict(check)
            );
        }
    }
    if let Some(p) = &m.product {
        let count = p.values.iter().map(Tensor::len).sum();
        let fits = p.mismatch.map_or_else(
            || "not to be compared with the gradients".to_owned(),
            |m| format!("fits the gradients to {m:.1e}"),
        );
        let _ = writeln!(
            text,
            "product with the {} of {}: {}, {fits}, {:.2} ms",
            capital(p.of),
            counted(count, "value"),
            state(p.not_finite, p.zero),
            p.ms
        );
    }
    text
}

fn state(not_finite: usize, zero: bool) -> String {
    match (not_finite, zero) {
        (0, false) => "finite, not all zero".to_owned(),
        (0, true) => "all zero".to_owned(),
        (bad, _) => format!("{} not finite", thousands(bad as u64)),
    }
}

/// What the self-check found, in words.
fn verdict(check: &Check) -> String {
    let passed = if check.passed { "passed" } else { "failed" };
    match (check.max_rel_error, check.cosine) {
        (Some(error), Some(cosine)) => {
            format!("{passed}, largest relative error {error:.1e}, cosine {cosine:.7}")
        }
        _ if check.not_finite > 0 => "failed: the gradient is not finite".into(),
        _ if check.zero => "failed: the gradient is zero".into(),
        _ if !check.compared => {
            "not comparable: the differences of a model that rounds are steps, not slopes".into()
        }
        _ => "failed: the slopes of the model are not finite".into(),
    }
}
