//! `Einsum` as transpositions and matrix products.
//!
//! Labels are letters, and for the dimensions of an ellipsis numbers below zero counted from the right (so that
//! ellipses of different lengths broadcast). Labels of size 1 are dropped at the start and put back at the end. Then
//! operands are multiplied two at a time (`product`), each label that nothing else needs being summed on the way.

mod product;

use super::Lowering;
use crate::error::Result;
use crate::onnx::node::Attributes;
use crate::onnx::{Builder, Node, Value, elements, wrong};

pub(super) const LOWERINGS: &[(&str, Lowering)] = &[("Einsum", einsum)];

/// A letter, or a dimension of an ellipsis: -1 is its last.
type Label = i32;

/// A value whose dimensions have names, all different.
#[derive(Debug, Clone)]
struct Term {
    value: Value,
    labels: Vec<Label>,
}

impl Term {
    fn has(&self, label: Label) -> bool {
        self.labels.contains(&label)
    }

    /// The size along `label`, 1 where it has none.
    fn size(&self, label: Label) -> usize {
        let at = self.labels.iter().position(|&l| l == label);
        at.map_or(1, |i| self.value.shape[i])
    }

    /// Its dimensions in the order of `labels`, which are its own.
    fn ordered(&self, b: &mut Builder, labels: &[Label]) -> Self {
        let at = |l: &Label| self.labels.iter().position(|o| o == l);
        let order: Vec<usize> = labels.iter().filter_map(at).collect();
        Self {
            value: b.transpose(&self.value, &order),
            labels: labels.to_vec(),
        }
    }

    /// Summed over the labels for which `keep` is false.
    fn summed(&self, b: &mut Builder, keep: impl Fn(Label) -> bool) -> Self {
        let axes: Vec<usize> = (0..self.labels.len())
            .filter(|&i| !keep(self.labels[i]))
            .collect();
        Self {
            value: b.sum(&self.value, &axes, false),
            labels: self.labels.iter().copied().filter(|&l| keep(l)).collect(),
        }
    }
}

fn einsum(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let equation: String = n
        .text_or("equation", "")
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let (left, right) = match equation.split_once("->") {
        Some((left, right)) => (left, Some(right)),
        None => (equation.as_str(), None),
    };
    let texts: Vec<&str> = left.split(',').collect();
    if texts.len() != n.inputs.len() {
        return Err(wrong(format!(
            "\"{equation}\" is not for {} inputs",
            n.inputs.len()
        )));
    }
    let mut all = Vec::with_capacity(texts.len());
    for (i, text) in texts.iter().enumerate() {
        let value = n.input(i)?;
        let labels = labels_of(text, Some(value.rank()))?;
        if labels.len() != value.rank() {
            return Err(wrong(format!(
                "\"{text}\" is not for {} dimensions",
                value.rank()
            )));
        }
        all.push(labels);
    }
    let dots = all.iter().flatten().map(|&l| -l).max().unwrap_or(0).max(0);
    let output = match right {
        Some(text) => labels_of(text, Some(letters(text) + dots as usize))?,
        None => implicit(&all, dots),
    };
    let known = output.iter().all(|l| all.iter().flatten().any(|o| o == l));
    if !known || (1..output.len()).any(|i| output[..i].contains(&output[i])) {
        return Err(wrong(format!(
            "the output of \"{equation}\" is not made of its inputs"
        )));
    }
    let mut terms = Vec::with_capacity(all.len());
    let mut sizes: Vec<(Label, usize)> = Vec::new();
    for (i, labels) in all.into_iter().enumerate() {
        let term = diagonal(b, n.input(i)?, labels)?;
        for (&label, &size) in term.labels.iter().zip(&term.value.shape) {
            match sizes.iter_mut().find(|(l, _)| *l == label) {
                Some((_, known)) if *known == 1 => *known = size,
                Some((_, known)) if *known == size || size == 1 => {}
                Some(_) => return Err(wrong(format!("sizes in \"{equation}\" do not agree"))),
                None => sizes.push((label, size)),
            }
        }
        terms.push(without_ones(b, &term)?);
    }
    let size = |label: Label| {
        sizes
            .iter()
            .find(|(l, _)| *l == label)
            .map_or(1, |(_, s)| *s)
    };
    let wanted: Vec<Label> = output.iter().copied().filter(|&l| size(l) != 1).collect();
    let result = contract(b, terms, &wanted)?;
    let shape: Vec<usize> = output.iter().map(|&l| size(l)).collect();
    Ok(vec![b.reshape(&result, &shape)?])
}

fn letters(text: &str) -> usize {
    text.chars().filter(|&c| c != '.').count()
}

/// The labels of one operand; with `rank` dimensions in all, an ellipsis is as long as that leaves.
fn labels_of(text: &str, rank: Option<usize>) -> Result<Vec<Label>> {
    let plain = |text: &str| -> Result<Vec<Label>> {
        if text.chars().all(|c| c.is_ascii_alphabetic()) {
            Ok(text.bytes().map(Label::from).collect())
        } else {
            Err(wrong(format!("\"{text}\" is not made of letters")))
        }
    };
    let Some((before, after)) = text.split_once("...") else {
        return plain(text);
    };
    let dots = rank.unwrap_or(0).saturating_sub(before.len() + after.len()) as Label;
    let mut labels = plain(before)?;
    labels.extend(-dots..0);
    labels.extend(plain(after)?);
    Ok(labels)
}

/// Without "->": the ellipsis, then every letter that occurs once, in alphabetical order.
fn implicit(all: &[Vec<Label>], dots: Label) -> Vec<Label> {
    let count = |l: &Label| all.iter().flatten().filter(|o| *o == l).count();
    let mut letters: Vec<Label> = all
        .iter()
        .flatten()
        .copied()
        .filter(|l| *l > 0 && count(l) == 1)
        .collect();
    letters.sort_unstable();
    (-dots..0).chain(letters).collect()
}

/// Where a label occurs twice, only elements with both indices equal count: a flat view in steps of n + 1.
fn diagonal(b: &mut Builder, value: &Value, mut labels: Vec<Label>) -> Result<Term> {
    let mut value = value.clone();
    while let Some(second) = (1..labels.len()).find(|&i| labels[..i].contains(&labels[i])) {
        let first = labels
            .iter()
            .position(|&l| l == labels[second])
            .unwrap_or(0);
        let n = value.shape[first];
        if value.shape[second] != n {
            return Err(wrong("a diagonal of dimensions that differ".into()));
        }
        let rest: Vec<usize> = (0..labels.len())
            .filter(|&i| i != first && i != second)
            .collect();
        let order: Vec<usize> = rest.iter().copied().chain([first, second]).collect();
        let mut shape: Vec<usize> = rest.iter().map(|&i| value.shape[i]).collect();
        let flat = n
            .checked_mul(n)
            .ok_or_else(|| wrong("a diagonal that is too large".into()))?;
        shape.push(flat);
        let last = b.transpose(&value, &order);
        let last = b.reshape(&last, &shape)?;
        value = b.slice(&last, &[rest.len()], &[0], &[flat], &[n + 1]);
        labels = order[..=rest.len()].iter().map(|&i| labels[i]).collect();
    }
    Ok(Term { value, labels })
}

fn without_ones(b: &mut Builder, term: &Term) -> Result<Term> {
    let kept: Vec<usize> = (0..term.labels.len())
        .filter(|&i| term.value.shape[i] != 1)
        .collect();
    let shape: Vec<usize> = kept.iter().map(|&i| term.value.shape[i]).collect();
    Ok(Term {
        value: b.reshape(&term.value, &shape)?,
        labels: kept.iter().map(|&i| term.labels[i]).collect(),
    })
}

/// The product of `terms`, summed over all labels but those of `wanted`, in their order.
fn contract(b: &mut Builder, mut terms: Vec<Term>, wanted: &[Label]) -> Result<Value> {
    loop {
        for i in 0..terms.len() {
            let elsewhere = |l| terms.iter().enumerate().any(|(j, t)| j != i && t.has(l));
            terms[i] = terms[i]
                .clone()
                .summed(b, |l| wanted.contains(&l) || elsewhere(l));
        }
        if terms.len() < 2 {
            break;
        }
        let (i, j) = smallest_pair(&terms, wanted);
        let (y, x) = (terms.remove(j), terms.remove(i));
        let keep = |l| wanted.contains(&l) || terms.iter().any(|t| t.has(l));
        let last = terms.is_empty().then_some(wanted);
        let made = product::multiply(b, &x, &y, keep, last)?;
        terms.push(made);
    }
    let term = terms
        .pop()
        .ok_or_else(|| wrong("Einsum of nothing".into()))?;
    Ok(term.ordered(b, wanted).value)
}

/// The two terms whose product is smallest.
fn smallest_pair(terms: &[Term], wanted: &[Label]) -> (usize, usize) {
    let mut best = (usize::MAX, (0, 1));
    for j in 1..terms.len() {
        for i in 0..j {
            let needed = |l: Label| {
                let other = |(k, t): (usize, &Term)| k != i && k != j && t.has(l);
                wanted.contains(&l) || terms.iter().enumerate().any(other)
            };
            let own = terms[i].labels.iter().zip(&terms[i].value.shape);
            let new = terms[j].labels.iter().zip(&terms[j].value.shape);
            let new = new.filter(|(l, _)| !terms[i].has(**l));
            let sizes: Vec<usize> = own
                .chain(new)
                .filter(|(l, _)| needed(**l))
                .map(|(_, s)| *s)
                .collect();
            let count = elements(&sizes).unwrap_or(usize::MAX);
            if count < best.0 {
                best = (count, (i, j));
            }
        }
    }
    best.1
}
