//! Objectives as graphs: what is computed from the output, and then differentiated by the same rules.

use crate::error::Result;
use crate::onnx::{Builder, Elem, Value, wrong};

/// What the gradient is of. All losses are per row of the batch. The untargeted ones grow as the model gets more wrong,
/// the targeted ones as it gets nearer to the target: either way along the gradient.
///
/// Scores `z` are cosines `e . c_k` between the normalised output `e` and K candidates (unit norm, the input
/// `nearmiss_candidates`, `[batch, K, dim]`), or with K = 0 the output itself, for classifiers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Objective {
    /// The output's product with a free cotangent ([`COTANGENT`](super::COTANGENT)): the plain vector-Jacobian product.
    Vjp,
    /// Minus the cosine to one embedding (`nearmiss_target`, `[batch, dim]`); `towards` drops the minus.
    Cosine {
        /// The loss grows towards the target.
        towards: bool,
    },
    /// `[margin + max_k z_k - z_y]+`, the hinge of the hardest negative (VSE++, arXiv 1707.05612, section 3.2). `y` is
    /// `nearmiss_label`, `[batch]`; targeted: `z_t - max_{k != t} z_k` without a hinge, `t` the label.
    Margin {
        /// K.
        candidates: usize,
        /// The margin, usually 0.2; unused where targeted.
        margin: f32,
        /// Is the label to be reached?
        targeted: bool,
    },
    /// Cross-entropy of the softmax over `z / temperature` at the label; targeted: its negative.
    CrossEntropy {
        /// K.
        candidates: usize,
        /// The divisor of scores: 1 for logits, 0.01 for CLIP's cosines.
        temperature: f32,
        /// Is the label to be reached?
        targeted: bool,
    },
    /// Difference of logits ratio (`AutoAttack`, arXiv 2003.01690, section 4.1): `-(z_y - max_{k != y} z_k) /
    /// (z_p1 - z_p3)`, `p` the descending order; of at least three scores.
    Dlr {
        /// K.
        candidates: usize,
    },
    /// Targeted DLR (the same, section 4.2): `-(z_y - z_t) / (z_p1 - (z_p3 + z_p4) / 2)`, `t` being
    /// `nearmiss_wanted`, `[batch]`; of at least four scores.
    TargetedDlr {
        /// K.
        candidates: usize,
    },
    /// Scores marked wrong against scores marked right, any number of each. The marks are the inputs
    /// `nearmiss_right` and `nearmiss_wrong`, `[batch, K]` (the number of scores where K = 0): 0 for a score that is
    /// meant, [`Objective::UNMARKED`] for one that is not.
    Contest {
        /// K.
        candidates: usize,
        /// What is compared, and how.
        form: Form,
    },
    /// Squared distance to a feature vector (`nearmiss_target`, the output's shape); `towards` takes its negative.
    Distance {
        /// The loss grows towards the target.
        towards: bool,
    },
}

/// The forms of [`Objective::Contest`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    /// `max wrong - max right`.
    Gap,
    /// Minus the logarithm of the share of `right` in the softmax of right and wrong over `z / temperature`;
    /// `towards` takes the logarithm of the share of `wrong` instead.
    Entropy {
        /// The divisor of scores.
        temperature: f32,
        /// Raise the wrong ones, rather than lower the right ones.
        towards: bool,
    },
    /// Difference of logits ratio: `(max wrong - max right) / (z_p1 - z_p3)`; of at least three scores.
    Ratio,
    /// Its targeted form: `(max wrong - max right) / (z_p1 - (z_p3 + z_p4) / 2)`; of at least four scores.
    RatioTo,
}

impl Objective {
    /// What is added to a score that [`Objective::Contest`] leaves out of a side.
    pub const UNMARKED: f32 = -1e30;
    /// The name of the input that marks what is right.
    pub const RIGHT: &str = "nearmiss_right";
    /// The name of the input that marks what is wrong.
    pub const WRONG: &str = "nearmiss_wrong";
    /// The name of the input with one vector per row.
    pub const TARGET: &str = "nearmiss_target";
    /// The name of the input with K candidates per row.
    pub const CANDIDATES: &str = "nearmiss_candidates";
    /// The name of the input with one index per row.
    pub const LABEL: &str = "nearmiss_label";
    /// The name of the input with the index that targeted DLR goes for.
    pub const WANTED: &str = "nearmiss_wanted";
}

/// Pixels in [0, 1] to what the model takes: `(x - mean) / std` per channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalise {
    /// Per channel.
    pub mean: Vec<f32>,
    /// Per channel, not 0.
    pub std: Vec<f32>,
}

/// Its sum over all but the first dimension: one value for each row.
pub(super) fn per_row(b: &mut Builder, x: &Value) -> Value {
    let axes: Vec<usize> = (1..x.rank()).collect();
    if x.rank() == 0 {
        return b.reshape(x, &[1]).unwrap_or_else(|_| x.clone());
    }
    b.sum(x, &axes, false)
}

/// The loss of each row of `output`.
pub(super) fn loss(b: &mut Builder, objective: Objective, output: &Value) -> Result<Value> {
    let batch = output.shape.first().copied().unwrap_or(1);
    match objective {
        Objective::Vjp => Err(wrong(
            "a product with a cotangent has no graph of its own".into(),
        )),
        Objective::Cosine { towards } => {
            let e = unit_rows(b, output)?;
            let target = b.feed(Objective::TARGET, Elem::F32, &e.shape);
            let product = b.mul(&e, &target)?;
            let cosine = b.sum(&product, &[1], false);
            Ok(if towards {
                cosine
            } else {
                b.unary("Neg", &cosine)
            })
        }
        Objective::Distance { towards } => {
            let target = b.feed(Objective::TARGET, Elem::F32, &output.shape);
            let difference = b.sub(output, &target)?;
            let square = b.mul(&difference, &difference)?;
            let distance = per_row(b, &square);
            Ok(if towards {
                b.unary("Neg", &distance)
            } else {
                distance
            })
        }
        Objective::Margin {
            candidates,
            margin,
            targeted,
        } => {
            let z = scores(b, output, candidates, 2)?;
            let y = b.feed(Objective::LABEL, Elem::I64, &[batch]);
            let own = at_label(b, &z, &y)?;
            let other = largest_other(b, &z, &y)?;
            if targeted {
                return b.sub(&own, &other);
            }
            let gap = b.sub(&other, &own)?;
            let shifted = b.shift(&gap, margin);
            Ok(b.unary("Relu", &shifted))
        }
        Objective::CrossEntropy {
            candidates,
            temperature,
            targeted,
        } => {
            let z = scores(b, output, candidates, 2)?;
            let z = b.scale(&z, 1.0 / temperature);
            let y = b.feed(Objective::LABEL, Elem::I64, &[batch]);
            let axis = crate::onnx::node::int("axis", 1);
            let log = b.node("LogSoftmax", &[&z], vec![axis], z.elem, &z.shape);
            let own = at_label(b, &log, &y)?;
            Ok(if targeted { own } else { b.unary("Neg", &own) })
        }
        Objective::Contest { candidates, form } => {
            let least = match form {
                Form::Gap | Form::Entropy { .. } => 2,
                Form::Ratio => 3,
                Form::RatioTo => 4,
            };
            let z = scores(b, output, candidates, least)?;
            contest(b, &z, form)
        }
        Objective::Dlr { candidates } => {
            let z = scores(b, output, candidates, 3)?;
            let y = b.feed(Objective::LABEL, Elem::I64, &[batch]);
            let own = at_label(b, &z, &y)?;
            let other = largest_other(b, &z, &y)?;
            let gap = b.sub(&other, &own)?;
            let sorted = descending(b, &z, 3);
            let below = b.sub(&sorted[0], &sorted[2])?;
            let below = b.shift(&below, 1e-12);
            b.div(&gap, &below)
        }
        Objective::TargetedDlr { candidates } => {
            let z = scores(b, output, candidates, 4)?;
            let y = b.feed(Objective::LABEL, Elem::I64, &[batch]);
            let t = b.feed(Objective::WANTED, Elem::I64, &[batch]);
            let own = at_label(b, &z, &y)?;
            let wanted = at_label(b, &z, &t)?;
            let gap = b.sub(&wanted, &own)?;
            let sorted = descending(b, &z, 4);
            let middle = b.add(&sorted[2], &sorted[3])?;
            let middle = b.scale(&middle, 0.5);
            let below = b.sub(&sorted[0], &middle)?;
            let below = b.shift(&below, 1e-12);
            b.div(&gap, &below)
        }
    }
}

fn contest(b: &mut Builder, z: &Value, form: Form) -> Result<Value> {
    let right = b.feed(Objective::RIGHT, Elem::F32, &z.shape);
    let wrong = b.feed(Objective::WRONG, Elem::F32, &z.shape);
    if let Form::Entropy {
        temperature,
        towards,
    } = form
    {
        let z = b.scale(z, 1.0 / temperature);
        let (of_right, of_wrong) = (b.add(&z, &right)?, b.add(&z, &wrong)?);
        let right = b.reduce("ReduceLogSumExp", &of_right, &[1], true);
        let wrong = b.reduce("ReduceLogSumExp", &of_wrong, &[1], true);
        let both = b.concat(&[right.clone(), wrong.clone()], 1)?;
        let all = b.reduce("ReduceLogSumExp", &both, &[1], false);
        let flat = |b: &mut Builder, v: &Value| b.reshape(v, &all.shape);
        return if towards {
            let wrong = flat(b, &wrong)?;
            b.sub(&wrong, &all)
        } else {
            let right = flat(b, &right)?;
            b.sub(&all, &right)
        };
    }
    let (of_right, of_wrong) = (b.add(z, &right)?, b.add(z, &wrong)?);
    let right = b.reduce("ReduceMax", &of_right, &[1], false);
    let wrong = b.reduce("ReduceMax", &of_wrong, &[1], false);
    let gap = b.sub(&wrong, &right)?;
    let below = match form {
        Form::Ratio => {
            let sorted = descending(b, z, 3);
            b.sub(&sorted[0], &sorted[2])?
        }
        Form::RatioTo => {
            let sorted = descending(b, z, 4);
            let middle = b.add(&sorted[2], &sorted[3])?;
            let middle = b.scale(&middle, 0.5);
            b.sub(&sorted[0], &middle)?
        }
        Form::Gap | Form::Entropy { .. } => return Ok(gap),
    };
    let below = b.shift(&below, 1e-12);
    b.div(&gap, &below)
}

/// The output as one vector of unit norm per row, `[batch, dim]`.
fn unit_rows(b: &mut Builder, output: &Value) -> Result<Value> {
    let rows = output.shape.first().copied().unwrap_or(1);
    let flat = b.reshape(output, &[rows, output.count() / rows.max(1)])?;
    let square = b.mul(&flat, &flat)?;
    let sum = b.sum(&square, &[1], true);
    let sum = b.shift(&sum, 1e-24);
    let norm = b.unary("Sqrt", &sum);
    b.div(&flat, &norm)
}

/// Scores `[batch, K]`: cosines to candidates, or the output itself; of at least `least`.
fn scores(b: &mut Builder, output: &Value, candidates: usize, least: usize) -> Result<Value> {
    let z = if candidates == 0 {
        let rows = output.shape.first().copied().unwrap_or(1);
        b.reshape(output, &[rows, output.count() / rows.max(1)])?
    } else {
        let e = unit_rows(b, output)?;
        let (rows, dim) = (e.shape[0], e.shape[1]);
        let c = b.feed(Objective::CANDIDATES, Elem::F32, &[rows, candidates, dim]);
        let column = b.reshape(&e, &[rows, dim, 1])?;
        let z = b.matmul(&c, &column)?;
        b.reshape(&z, &[rows, candidates])?
    };
    if z.shape[1] < least {
        return Err(wrong(format!(
            "this objective compares at least {least} scores, there are {}",
            z.shape[1]
        )));
    }
    Ok(z)
}

/// `[batch, K]`: true at the label.
fn label_mask(b: &mut Builder, z: &Value, label: &Value) -> Result<Value> {
    let places: Vec<i64> = (0..z.shape[1] as i64).collect();
    let places = b.ints(&places);
    let column = b.reshape(label, &[z.shape[0], 1])?;
    b.compare("Equal", &column, &places)
}

/// `z` at the label, `[batch]`.
fn at_label(b: &mut Builder, z: &Value, label: &Value) -> Result<Value> {
    let mask = label_mask(b, z, label)?;
    let kept = b.keep_where(&mask, z)?;
    Ok(b.sum(&kept, &[1], false))
}

/// The largest of `z` but for that at the label, `[batch]`.
fn largest_other(b: &mut Builder, z: &Value, label: &Value) -> Result<Value> {
    let mask = label_mask(b, z, label)?;
    let low = b.scalar(f32::MIN);
    let others = b.select(&mask, &low, z)?;
    Ok(b.reduce("ReduceMax", &others, &[1], false))
}

/// The `count` largest of `z` in descending order, each `[batch]`.
fn descending(b: &mut Builder, z: &Value, count: usize) -> Vec<Value> {
    let rows = z.shape[0];
    let k = b.ints(&[count as i64]);
    let shape = [rows, count];
    let axis = vec![crate::onnx::node::int("axis", 1)];
    let top = b.nodes(
        "TopK",
        &[Some(z), Some(&k)],
        axis,
        &[(z.elem, &shape), (Elem::I64, &shape)],
    );
    (0..count)
        .map(|i| {
            let one = b.slice(&top[0], &[1], &[i], &[i + 1], &[1]);
            b.reshape(&one, &[rows]).unwrap_or(one)
        })
        .collect()
}
