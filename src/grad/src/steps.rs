//! Two uses of a step function that have an exact slope: what is left of a value when its whole steps are taken away
//! (as where images are sampled between pixels), and a value put together from its sign and its size.

use super::operands::{elem_of, is_type, told};
use crate::onnx::node::is_default;
use crate::onnx::proto::NodeProto;
use crate::onnx::{Elem, Graph, Tensor};
use std::collections::{HashMap, HashSet};

/// How far a value is followed back.
const DEPTH: usize = 16;

/// A graph with an index of who makes and who reads what.
pub(super) struct Steps<'a> {
    graph: &'a Graph,
    active: &'a HashSet<String>,
    /// Whatever depends on the values of `active` ones, integers and masks too.
    touched: HashSet<&'a str>,
    makers: HashMap<&'a str, &'a NodeProto>,
    readers: HashMap<&'a str, Vec<&'a NodeProto>>,
}

/// A value that another one is made of, by steps and by maps that keep its slope up to a factor.
struct Source<'a> {
    name: &'a str,
    factor: f64,
    /// Is a step function between the two?
    stepped: bool,
}

impl<'a> Steps<'a> {
    /// Of `graph`, where `active` values depend on what the gradient is with respect to.
    pub(super) fn of(graph: &'a Graph, active: &'a HashSet<String>) -> Self {
        let mut touched: HashSet<&str> = active.iter().map(String::as_str).collect();
        let mut makers = HashMap::new();
        let mut readers: HashMap<&str, Vec<&NodeProto>> = HashMap::new();
        for node in &graph.nodes {
            for name in &node.input {
                readers.entry(name).or_default().push(node);
            }
            let outputs = node.output.iter().filter(|o| !o.is_empty());
            makers.extend(outputs.clone().map(|o| (o.as_str(), node)));
            if told(node).iter().any(|n| touched.contains(n.as_str())) {
                touched.extend(outputs.map(String::as_str));
            }
        }
        Self {
            graph,
            active,
            touched,
            makers,
            readers,
        }
    }

    /// The input of `node`, a sum or difference, that is the other one in whole steps, as `Floor(x)` in `x - Floor(x)`:
    /// it carries no cotangent there, and the slope of what is left is that of the other one, almost everywhere.
    pub(super) fn stop(&self, node: &NodeProto) -> Option<usize> {
        let sign = match node.op_type.as_str() {
            "Sub" => 1.0,
            "Add" => -1.0,
            _ => return None,
        };
        let [a, b] = node.input.as_slice() else {
            return None;
        };
        if !is_default(&node.domain) || !self.touched.contains(a.as_str()) {
            return None;
        }
        let (left, right) = (self.sources(a), self.sources(b));
        for l in &left {
            let same = |r: &&Source<'_>| {
                let gap = l.factor - sign * r.factor;
                r.name == l.name && r.stepped != l.stepped && gap.abs() <= 1e-4 * l.factor.abs()
            };
            let Some(r) = right.iter().find(same) else {
                continue;
            };
            let whole = if l.stepped { b } else { a };
            let found = self.active.contains(l.name) && !self.put_back(node, &[l.name, whole]);
            return found.then_some(usize::from(r.stepped));
        }
        None
    }

    /// Is one of `names` added to what `node` makes? `x + (Floor(x) - x)` is how straight-through steps are written.
    fn put_back(&self, node: &NodeProto, names: &[&str]) -> bool {
        let readers = node
            .output
            .first()
            .and_then(|o| self.readers.get(o.as_str()));
        let adds = |n: &&NodeProto| {
            matches!(n.op_type.as_str(), "Add" | "Sub")
                && n.input.iter().any(|i| names.contains(&i.as_str()))
        };
        readers.is_some_and(|list| list.iter().any(adds))
    }

    /// `name`, and what it is made of by steps, factors and what does not depend on the input.
    fn sources(&self, name: &'a str) -> Vec<Source<'a>> {
        let mut at = Source {
            name,
            factor: 1.0,
            stepped: false,
        };
        let mut found = Vec::new();
        while found.len() < DEPTH {
            let next = self.before(&at);
            found.push(at);
            match next {
                Some(source) => at = source,
                None => break,
            }
        }
        found
    }

    fn before(&self, at: &Source<'a>) -> Option<Source<'a>> {
        let node = self.makers.get(at.name).filter(|n| is_default(&n.domain))?;
        let input = self.only(node)?;
        let twice = node.input.iter().filter(|n| *n == input).count() != 1;
        if twice && node.op_type != "CastLike" {
            return None;
        }
        let is_first = node.input.first().is_some_and(|n| n == input);
        let (mut factor, mut stepped) = (at.factor, at.stepped);
        match node.op_type.as_str() {
            "Identity" | "Clip" | "Min" | "Max" | "Add" => {}
            "Floor" | "Ceil" => stepped = true,
            "Cast" | "CastLike" => {
                let elem = elem_of(self.graph, at.name);
                if elem == Elem::Bool {
                    return None;
                }
                stepped |= !elem.is_float() && elem_of(self.graph, input).is_float();
            }
            "Sub" if is_first => {}
            "Neg" | "Sub" => factor = -factor,
            "Mul" => factor *= self.scalar(node, usize::from(is_first))?,
            "Div" if is_first => factor /= self.scalar(node, 1)?,
            _ => return None,
        }
        let finite = factor.is_finite() && factor != 0.0;
        finite.then_some(Source {
            name: input,
            factor,
            stepped,
        })
    }

    /// The one value that `node` reads which depends on the input; `None` where there are several.
    fn only(&self, node: &'a NodeProto) -> Option<&'a str> {
        let inputs = node.input.iter().enumerate();
        let inputs = inputs.filter(|(i, _)| !is_type(node, *i));
        let mut names = inputs
            .map(|(_, n)| n.as_str())
            .filter(|n| self.touched.contains(n));
        let first = names.next()?;
        names.all(|n| n == first).then_some(first)
    }

    /// The number that input `index` of `node` holds, where it is one.
    fn scalar(&self, node: &NodeProto, index: usize) -> Option<f64> {
        let tensor = self.graph.constants.get(node.input.get(index)?)?;
        let values = Some(tensor)
            .filter(|t| t.len() == 1)
            .and_then(Tensor::to_floats)?;
        values.first().map(|&v| f64::from(v))
    }

    /// Is what `node`, a `Sign`, makes of u multiplied with functions of the same u alone, as in `Sign(u) Sqrt(Abs(u))`?
    pub(super) fn is_factor(&self, node: &NodeProto) -> bool {
        let (Some(of), Some(sign)) = (node.input.first(), node.output.first()) else {
            return false;
        };
        let multiplies = |reader: &&'a NodeProto| {
            let other = reader.input.iter().find(|n| *n != sign);
            is_default(&reader.domain)
                && reader.op_type == "Mul"
                && other.is_some_and(|n| self.is_function(n, of))
        };
        let readers = self.readers.get(sign.as_str());
        !self.graph.outputs.contains(sign)
            && readers.is_some_and(|list| list.iter().all(multiplies))
    }

    /// Is each element of `name` a function of the same element of `of`?
    fn is_function(&self, name: &'a str, of: &str) -> bool {
        let mut name = name;
        for _ in 0..DEPTH {
            if name == of {
                return true;
            }
            let elementwise = |n: &&NodeProto| {
                is_default(&n.domain)
                    && matches!(
                        n.op_type.as_str(),
                        "Abs"
                            | "Add"
                            | "Cast"
                            | "Clip"
                            | "Div"
                            | "Exp"
                            | "Identity"
                            | "Log"
                            | "Max"
                            | "Min"
                            | "Mul"
                            | "Neg"
                            | "Pow"
                            | "Reciprocal"
                            | "Relu"
                            | "Sigmoid"
                            | "Softplus"
                            | "Sqrt"
                            | "Sub"
                            | "Tanh"
                    )
                    && elem_of(self.graph, name).is_float()
            };
            let maker = self.makers.get(name).copied().filter(elementwise);
            let Some(next) = maker.and_then(|n| self.only(n)) else {
                return false;
            };
            name = next;
        }
        false
    }
}
