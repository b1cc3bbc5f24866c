//! Elements put into a tensor by index.

use super::super::first;
use crate::error::Result;
use crate::onnx::node::{Attributes, int, text};
use crate::onnx::{Builder, Node, Value, Walk, wrong};

/// `ScatterElements` and `ScatterND` alike: data, indices, updates.
pub(super) fn scatter(
    b: &mut Builder,
    n: &Node,
    g: &[Option<Value>],
) -> Result<Vec<Option<Value>>> {
    let (g, x, y) = (first(g)?, n.input(0)?.clone(), n.output(0)?.clone());
    let (indices, updates) = (n.input(1)?.clone(), n.input(2)?.clone());
    let by_element = n.op() == "ScatterElements";
    let along: Vec<_> = if by_element {
        vec![int("axis", n.int_or("axis", 0))]
    } else {
        vec![]
    };
    let pick = |b: &mut Builder, from: &Value| {
        let op = if by_element {
            "GatherElements"
        } else {
            "GatherND"
        };
        b.node(
            op,
            &[from, &indices],
            along.clone(),
            from.elem,
            &updates.shape,
        )
    };
    let put = |b: &mut Builder, into: &Value, what: &Value, reduction: &str| {
        let mut attributes = along.clone();
        attributes.push(text("reduction", reduction));
        b.node(
            n.op(),
            &[into, &indices, what],
            attributes,
            g.elem,
            &x.shape,
        )
    };
    let (mut of_data, mut of_updates) = (None, None);
    match n.text_or("reduction", "none") {
        "none" => {
            if n.wants(0) {
                let zeros = b.zeros(&updates.shape);
                of_data = Some(put(b, g, &zeros, "none"));
            }
            if n.wants(2) {
                of_updates = Some(pick(b, g));
            }
        }
        "add" => {
            of_data = Some(g.clone());
            if n.wants(2) {
                of_updates = Some(pick(b, g));
            }
        }
        "mul" if b.walking() == Walk::Again => {
            return Err(wrong(
                "products put into place have no second derivatives here".into(),
            ));
        }
        "mul" => {
            if n.wants(0) {
                // The product of the updates at each place.
                let one = b.scalar(1.0);
                let ones = b.expand(&one, &x.shape)?;
                let factors = put(b, &ones, &updates, "mul");
                of_data = Some(b.mul(g, &factors)?);
            }
            if n.wants(2) {
                // The product of all others at its place: with zeros taken out, the product over the update, where no
                // other is zero.
                let (own, rest) = (without_zeros(b, &x)?, without_zeros(b, &updates)?);
                let product = put(b, &own.0, &rest.0, "mul");
                let whole = b.mul(g, &product)?;
                let whole = pick(b, &whole);
                let part = b.div(&whole, &rest.0)?;
                let zeros = put(b, &own.1, &rest.1, "add");
                let zeros = pick(b, &zeros);
                let alone = b.compare("Equal", &zeros, &rest.1)?;
                of_updates = Some(b.keep_where(&alone, &part)?);
            }
        }
        // All that tie share the cotangent, as PyTorch's `scatter_reduce` has it.
        "max" | "min" => {
            let kept = b.compare("Equal", &x, &y)?;
            let kept = b.cast(&kept, g.elem);
            let best = pick(b, &y);
            let won = b.compare("Equal", &updates, &best)?;
            let won = b.cast(&won, g.elem);
            let winners = put(b, &kept, &won, "add");
            let share = b.div(g, &winners)?;
            of_data = Some(b.mul(&share, &kept)?);
            let share = pick(b, &share);
            of_updates = Some(b.mul(&share, &won)?);
        }
        other => return Err(wrong(format!("it reduces by \"{other}\""))),
    }
    Ok(vec![of_data, None, of_updates])
}

/// `x` with ones in place of its zeros, and 1 where those are, else 0.
fn without_zeros(b: &mut Builder, x: &Value) -> Result<(Value, Value)> {
    let zero = b.scalar(0.0);
    let none = b.compare("Equal", x, &zero)?;
    let none = b.cast(&none, x.elem);
    Ok((b.add(x, &none)?, none))
}
