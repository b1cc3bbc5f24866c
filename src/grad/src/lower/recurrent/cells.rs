//! One step of each recurrent operator, in the words of its definition (ONNX, "GRU", "LSTM" and "RNN").

use super::functions::Function;
use super::{Sizes, one, rows, split};
use crate::error::Result;
use crate::onnx::node::{Attributes, int};
use crate::onnx::{Builder, Node, Value, wrong};

/// The weights of one direction and what it does in a step.
pub(super) trait Cell: Sized {
    /// The activation functions where none are listed.
    const FUNCTIONS: &'static [&'static str];
    /// How many states it carries; the first one is its output.
    const STATES: usize;

    /// Cuts out the weights of direction `d`.
    fn new(
        b: &mut Builder,
        n: &Node,
        d: usize,
        sizes: &Sizes,
        functions: Vec<Function>,
    ) -> Result<Self>;

    /// What the inputs `[n, input]` contribute, `[n, gates]`.
    fn project(&self, b: &mut Builder, x: &Value) -> Result<Value>;

    /// The pieces that those gates are taken in.
    fn pieces(&self) -> Vec<usize>;

    /// The states `[hidden, batch]` after a step, from the pieces of [`Cell::project`] and the states before.
    fn step(&self, b: &mut Builder, x: &[Value], states: &[Value]) -> Result<Vec<Value>>;
}

/// The weights that all of them have: the rows of each gate, one gate after the other.
struct Weights {
    /// `[gates, input]`.
    input: Value,
    /// `[gates, hidden]`.
    state: Value,
    /// `[gates]` each.
    bias: Option<[Value; 2]>,
}

impl Weights {
    /// Those of direction `d`, of `gates` blocks of `hidden` rows.
    fn new(b: &mut Builder, n: &Node, d: usize, sizes: &Sizes, gates: usize) -> Result<Self> {
        let height = gates * sizes.hidden;
        let input = rows(b, n.input(1)?, d, d + 1)?;
        let input = b.reshape(&input, &[height, sizes.input])?;
        let state = rows(b, n.input(2)?, d, d + 1)?;
        let state = b.reshape(&state, &[height, sizes.hidden])?;
        let bias = match n.maybe(3) {
            Some(bias) => {
                let own = rows(b, bias, d, d + 1)?;
                let both = b.reshape(&own, &[2 * height])?;
                let (of_input, of_state) = (
                    rows(b, &both, 0, height)?,
                    rows(b, &both, height, 2 * height)?,
                );
                Some([of_input, of_state])
            }
            None => None,
        };
        Ok(Self { input, state, bias })
    }

    /// What the inputs contribute, the bias of the states included where `all`.
    fn project(&self, b: &mut Builder, x: &Value, all: bool) -> Result<Value> {
        let bias = match &self.bias {
            Some([of_input, of_state]) if all => Some(b.add(of_input, of_state)?),
            Some([of_input, _]) => Some(of_input.clone()),
            None => None,
        };
        Ok(gemm(b, x, &self.input, bias.as_ref(), true))
    }
}

/// `x y + c`, with `y` transposed where `flip`.
fn gemm(b: &mut Builder, x: &Value, y: &Value, c: Option<&Value>, flip: bool) -> Value {
    let shape = [x.shape[0], y.shape[usize::from(!flip)]];
    let attributes = if flip {
        vec![int("transB", 1)]
    } else {
        Vec::new()
    };
    let inputs: Vec<&Value> = [x, y].into_iter().chain(c).collect();
    b.node("Gemm", &inputs, attributes, x.elem, &shape)
}

/// Exactly as many pieces as a step needs.
fn pieces<const N: usize>(b: &mut Builder, x: &Value, lengths: [usize; N]) -> Result<[Value; N]> {
    let pieces = split(b, x, 0, &lengths)?;
    pieces
        .try_into()
        .map_err(|_| wrong("gates that cannot be cut".into()))
}

/// A vector with one entry per row.
fn column(b: &mut Builder, x: &Value) -> Result<Value> {
    b.reshape(x, &[x.count(), 1])
}

fn functions<const N: usize>(functions: Vec<Function>) -> Result<[Function; N]> {
    functions
        .try_into()
        .map_err(|_| wrong("too few activation functions".into()))
}

/// `H = f(W X + R H + b)`.
pub(super) struct Rnn {
    weights: Weights,
    f: Function,
    hidden: usize,
}

impl Cell for Rnn {
    const FUNCTIONS: &'static [&'static str] = &["Tanh"];
    const STATES: usize = 1;

    fn new(
        b: &mut Builder,
        n: &Node,
        d: usize,
        sizes: &Sizes,
        list: Vec<Function>,
    ) -> Result<Self> {
        let [f] = functions(list)?;
        Ok(Self {
            weights: Weights::new(b, n, d, sizes, 1)?,
            f,
            hidden: sizes.hidden,
        })
    }

    fn project(&self, b: &mut Builder, x: &Value) -> Result<Value> {
        self.weights.project(b, x, true)
    }

    fn pieces(&self) -> Vec<usize> {
        vec![self.hidden]
    }

    fn step(&self, b: &mut Builder, x: &[Value], states: &[Value]) -> Result<Vec<Value>> {
        let sum = gemm(
            b,
            &self.weights.state,
            one(states, 0)?,
            Some(one(x, 0)?),
            false,
        );
        Ok(vec![self.f.of(b, &sum)])
    }
}

/// `z` and `r` are gates by `f`; `h~ = g(W X + r (R H + b))`, or with the state multiplied first `g(W X + R (r H) +
/// b)`; `H = (1 - z) h~ + z H`.
pub(super) struct Gru {
    weights: Weights,
    /// The recurrent weights of the gates and of the new state apart, where the state is multiplied first.
    apart: Option<[Value; 2]>,
    /// The bias of the states where it is not part of the projection, `[gates, 1]`.
    bias: Option<Value>,
    f: Function,
    g: Function,
    hidden: usize,
}

impl Cell for Gru {
    const FUNCTIONS: &'static [&'static str] = &["Sigmoid", "Tanh"];
    const STATES: usize = 1;

    fn new(
        b: &mut Builder,
        n: &Node,
        d: usize,
        sizes: &Sizes,
        list: Vec<Function>,
    ) -> Result<Self> {
        let [f, g] = functions(list)?;
        let weights = Weights::new(b, n, d, sizes, 3)?;
        let after = n.int_or("linear_before_reset", 0) != 0;
        Ok(Self {
            apart: if after {
                None
            } else {
                let gates = 2 * sizes.hidden;
                let end = gates + sizes.hidden;
                Some([
                    rows(b, &weights.state, 0, gates)?,
                    rows(b, &weights.state, gates, end)?,
                ])
            },
            bias: match &weights.bias {
                Some([_, of_state]) if after => Some(column(b, of_state)?),
                _ => None,
            },
            weights,
            f,
            g,
            hidden: sizes.hidden,
        })
    }

    fn project(&self, b: &mut Builder, x: &Value) -> Result<Value> {
        self.weights.project(b, x, self.apart.is_some())
    }

    fn pieces(&self) -> Vec<usize> {
        vec![2 * self.hidden, self.hidden]
    }

    fn step(&self, b: &mut Builder, x: &[Value], states: &[Value]) -> Result<Vec<Value>> {
        let (gates, new, h) = (one(x, 0)?, one(x, 1)?, one(states, 0)?);
        let size = self.hidden;
        let (z, sum) = if let Some([for_gates, for_new]) = &self.apart {
            let gates = gemm(b, for_gates, h, Some(gates), false);
            let gates = self.f.of(b, &gates);
            let [z, r] = pieces(b, &gates, [size; 2])?;
            let reset = b.mul(&r, h)?;
            (z, gemm(b, for_new, &reset, Some(new), false))
        } else {
            let recurrent = gemm(b, &self.weights.state, h, self.bias.as_ref(), false);
            let [of_gates, of_new] = pieces(b, &recurrent, [2 * size, size])?;
            let gates = b.add(gates, &of_gates)?;
            let gates = self.f.of(b, &gates);
            let [z, r] = pieces(b, &gates, [size; 2])?;
            let reset = b.mul(&r, &of_new)?;
            (z, b.add(new, &reset)?)
        };
        let candidate = self.g.of(b, &sum);
        let back = b.sub(h, &candidate)?;
        let back = b.mul(&z, &back)?;
        Ok(vec![b.add(&candidate, &back)?])
    }
}

/// `i`, `o` and `f` are gates, each of `W X + R H + b` and with peepholes the cell state; `C = f C + i g(..)` and
/// `H = o h(C)`.
pub(super) struct Lstm {
    weights: Weights,
    /// Of the cell state into the gates `i`, `o` and `f`, `[hidden, 1]` each.
    peepholes: Option<[Value; 3]>,
    f: Function,
    g: Function,
    h: Function,
    hidden: usize,
}

impl Cell for Lstm {
    const FUNCTIONS: &'static [&'static str] = &["Sigmoid", "Tanh", "Tanh"];
    const STATES: usize = 2;

    fn new(
        b: &mut Builder,
        n: &Node,
        d: usize,
        sizes: &Sizes,
        list: Vec<Function>,
    ) -> Result<Self> {
        if n.int_or("input_forget", 0) != 0 {
            return Err(wrong("its input and forget gates are coupled".into()));
        }
        let [f, g, h] = functions(list)?;
        let hidden = sizes.hidden;
        let peepholes = match n.maybe(7) {
            Some(all) => {
                let own = rows(b, all, d, d + 1)?;
                let own = b.reshape(&own, &[3 * hidden, 1])?;
                Some(pieces(b, &own, [hidden; 3])?)
            }
            None => None,
        };
        Ok(Self {
            weights: Weights::new(b, n, d, sizes, 4)?,
            peepholes,
            f,
            g,
            h,
            hidden,
        })
    }

    fn project(&self, b: &mut Builder, x: &Value) -> Result<Value> {
        self.weights.project(b, x, true)
    }

    fn pieces(&self) -> Vec<usize> {
        vec![4 * self.hidden]
    }

    fn step(&self, b: &mut Builder, x: &[Value], states: &[Value]) -> Result<Vec<Value>> {
        let (h, c, size) = (one(states, 0)?, one(states, 1)?, self.hidden);
        let sum = gemm(b, &self.weights.state, h, Some(one(x, 0)?), false);
        let [gates, new] = pieces(b, &sum, [3 * size, size])?;
        let new = self.g.of(b, &new);
        let [i, o, f] = if let Some([of_i, _, of_f]) = &self.peepholes {
            let [i, o, f] = pieces(b, &gates, [size; 3])?;
            [
                self.peeping(b, &i, of_i, c)?,
                o,
                self.peeping(b, &f, of_f, c)?,
            ]
        } else {
            let gates = self.f.of(b, &gates);
            pieces(b, &gates, [size; 3])?
        };
        let kept = b.mul(&f, c)?;
        let added = b.mul(&i, &new)?;
        let cell = b.add(&kept, &added)?;
        let o = match &self.peepholes {
            None => o,
            Some([_, of_o, _]) => self.peeping(b, &o, of_o, &cell)?,
        };
        let shown = self.h.of(b, &cell);
        Ok(vec![b.mul(&o, &shown)?, cell])
    }
}

impl Lstm {
    /// A gate that sees the cell state.
    fn peeping(
        &self,
        b: &mut Builder,
        gate: &Value,
        weights: &Value,
        cell: &Value,
    ) -> Result<Value> {
        let seen = b.mul(weights, cell)?;
        let sum = b.add(gate, &seen)?;
        Ok(self.f.of(b, &sum))
    }
}
