//! The product of two terms: elementwise where no label is summed, else the matrix product that needs the least
//! moving of elements.

use super::{Label, Term};
use crate::error::Result;
use crate::onnx::{Builder, Value};

/// What a small matrix product costs beyond its arithmetic, in elements that could be moved meanwhile.
const PER_PRODUCT: usize = 1000;

/// How two terms are brought into a matrix product: `rows` gives `[lead.., rows, summed]` and `columns`
/// `[lead.., summed, columns]`.
struct Plan {
    /// Is the first term the one that gives the rows?
    straight: bool,
    /// Labels that stay outside the matrices; a term that lacks one is broadcast.
    lead: Vec<Label>,
    rows: Vec<Label>,
    summed: Vec<Label>,
    columns: Vec<Label>,
}

/// `x` times `y`, summed over the labels for which `keep` is false. `wanted` is the order that the result should have,
/// where it is the last one.
pub(super) fn multiply(
    b: &mut Builder,
    x: &Term,
    y: &Term,
    keep: impl Fn(Label) -> bool,
    wanted: Option<&[Label]>,
) -> Result<Term> {
    let summed: Vec<Label> = x
        .labels
        .iter()
        .copied()
        .filter(|&l| y.has(l) && !keep(l))
        .collect();
    let own = |t: &Term, other: &Term| t.labels.iter().any(|&l| keep(l) && !other.has(l));
    if summed.is_empty() || (!own(x, y) && !own(y, x)) {
        let made = elementwise(b, x, y, wanted)?;
        return Ok(made.summed(b, keep));
    }
    let plans = plans(x, y, &summed, wanted);
    let cost = |p: &Plan| cost(b, p, x, y, wanted);
    match plans.into_iter().min_by_key(cost) {
        Some(plan) => run(b, &plan, x, y),
        None => elementwise(b, x, y, wanted),
    }
}

/// Products of single elements, broadcast.
fn elementwise(b: &mut Builder, x: &Term, y: &Term, wanted: Option<&[Label]>) -> Result<Term> {
    let (long, short) = if x.labels.len() < y.labels.len() {
        (y, x)
    } else {
        (x, y)
    };
    let mut labels: Vec<Label> = match wanted {
        Some(wanted) => wanted.to_vec(),
        None => long.labels.clone(),
    };
    for &label in long.labels.iter().chain(&short.labels) {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    let left = aligned(b, x, &labels)?;
    let right = aligned(b, y, &labels)?;
    Ok(Term {
        value: b.mul(&left, &right)?,
        labels,
    })
}

/// `term` in the order of `labels`, with a dimension of 1 for each label it lacks but leading ones.
fn aligned(b: &mut Builder, term: &Term, labels: &[Label]) -> Result<Value> {
    let own: Vec<Label> = labels.iter().copied().filter(|&l| term.has(l)).collect();
    let ordered = term.ordered(b, &own);
    let missing = labels
        .iter()
        .position(|&l| term.has(l))
        .unwrap_or(labels.len());
    let shape: Vec<usize> = labels[missing..].iter().map(|&l| term.size(l)).collect();
    b.reshape(&ordered.value, &shape)
}

fn plans(x: &Term, y: &Term, summed: &[Label], wanted: Option<&[Label]>) -> Vec<Plan> {
    let mut plans = Vec::new();
    for straight in [true, false] {
        let (p, q) = if straight { (x, y) } else { (y, x) };
        // The order of what is summed must be one for both: that of either.
        for from in [p, q] {
            let summed: Vec<Label> = from
                .labels
                .iter()
                .copied()
                .filter(|l| summed.contains(l))
                .collect();
            let spare = |t: &Term, other: &Term| -> Vec<Label> {
                t.labels
                    .iter()
                    .copied()
                    .filter(|&l| !other.has(l))
                    .collect()
            };
            let both: Vec<Label> = p
                .labels
                .iter()
                .copied()
                .filter(|l| q.has(*l) && !summed.contains(l))
                .collect();
            let in_order = |mut labels: Vec<Label>| {
                if let Some(wanted) = wanted {
                    labels.sort_by_key(|l| wanted.iter().position(|w| w == l));
                }
                labels
            };
            let mut plan = Plan {
                straight,
                lead: in_order(both),
                rows: in_order(spare(p, q)),
                summed: summed.clone(),
                columns: in_order(spare(q, p)),
            };
            if plan.lead.is_empty() && plan.rows.len() > 1 {
                // One matrix for all: engines see leading dimensions as more rows.
                plan.lead = plan.rows.drain(..plan.rows.len() - 1).collect();
            }
            plans.push(plan);
            if let Some(wanted) = wanted {
                plans.extend(as_wanted(straight, p, q, summed, wanted));
            }
        }
    }
    plans
}

/// A product whose result is in the order wanted: its last labels are columns, those before them rows, and whatever
/// comes before is broadcast or shared.
fn as_wanted(
    straight: bool,
    p: &Term,
    q: &Term,
    summed: Vec<Label>,
    wanted: &[Label],
) -> Option<Plan> {
    let columns = wanted
        .iter()
        .rev()
        .take_while(|&&l| q.has(l) && !p.has(l))
        .count();
    let rest = &wanted[..wanted.len() - columns];
    let rows = rest
        .iter()
        .rev()
        .take_while(|&&l| p.has(l) && !q.has(l))
        .count();
    if columns == 0 || rows == 0 {
        return None;
    }
    let (lead, rows) = rest.split_at(rest.len() - rows);
    Some(Plan {
        straight,
        lead: lead.to_vec(),
        rows: rows.to_vec(),
        summed,
        columns: wanted[wanted.len() - columns..].to_vec(),
    })
}

/// Elements moved by transpositions, and the number of matrix products.
fn cost(b: &Builder, plan: &Plan, x: &Term, y: &Term, wanted: Option<&[Label]>) -> usize {
    let (p, q) = if plan.straight { (x, y) } else { (y, x) };
    let order = |t: &Term, parts: [&[Label]; 3]| -> Vec<Label> {
        parts.concat().into_iter().filter(|&l| t.has(l)).collect()
    };
    let left = order(p, [&plan.lead, &plan.rows, &plan.summed]);
    let right = order(q, [&plan.lead, &plan.summed, &plan.columns]);
    let mut moved = moving(b, p, &left).saturating_add(moving(b, q, &right));
    let made = [plan.lead.as_slice(), &plan.rows, &plan.columns].concat();
    let size = |l: &Label| p.size(*l).max(q.size(*l));
    if wanted.is_some_and(|w| w != made) {
        moved = moved.saturating_add(count(made.iter().map(size)));
    }
    let in_columns: Vec<&Label> = plan.lead.iter().filter(|l| q.has(**l)).collect();
    let products: usize = if in_columns.is_empty() {
        1
    } else {
        count(plan.lead.iter().map(size))
    };
    moved.saturating_add(products.saturating_mul(PER_PRODUCT))
}

fn count(sizes: impl Iterator<Item = usize>) -> usize {
    sizes.fold(1, usize::saturating_mul)
}

/// What bringing `term` into the order of `labels` costs. Weights are transposed once, and exchanged last dimensions
/// become part of the product in engines that look for it.
fn moving(b: &Builder, term: &Term, labels: &[Label]) -> usize {
    if term.labels == labels || b.constant(&term.value).is_some() {
        return 0;
    }
    let mut flipped = term.labels.clone();
    let last = flipped.len().saturating_sub(1);
    flipped.swap(last, last.saturating_sub(1));
    if flipped == labels {
        term.value.count() / 4
    } else {
        term.value.count()
    }
}

fn run(b: &mut Builder, plan: &Plan, x: &Term, y: &Term) -> Result<Term> {
    let (p, q) = if plan.straight { (x, y) } else { (y, x) };
    let left = matrix(b, p, &plan.lead, &plan.rows, &plan.summed)?;
    let right = matrix(b, q, &plan.lead, &plan.summed, &plan.columns)?;
    let made = b.matmul(&left, &right)?;
    let labels = [plan.lead.as_slice(), &plan.rows, &plan.columns].concat();
    let shape: Vec<usize> = labels.iter().map(|&l| p.size(l).max(q.size(l))).collect();
    Ok(Term {
        value: b.reshape(&made, &shape)?,
        labels,
    })
}

/// `term` as matrices of `rows` by `columns`, under the leading labels from the first one it has on.
fn matrix(
    b: &mut Builder,
    term: &Term,
    lead: &[Label],
    rows: &[Label],
    columns: &[Label],
) -> Result<Value> {
    let order = [lead, rows, columns].concat();
    let own: Vec<Label> = order.into_iter().filter(|&l| term.has(l)).collect();
    let ordered = term.ordered(b, &own);
    let missing = lead.iter().position(|&l| term.has(l)).unwrap_or(lead.len());
    let mut shape: Vec<usize> = lead[missing..].iter().map(|&l| term.size(l)).collect();
    let joint = |labels: &[Label]| labels.iter().map(|&l| term.size(l)).product::<usize>();
    shape.extend([joint(rows), joint(columns)]);
    b.reshape(&ordered.value, &shape)
}
