//! Runs a [`Program`] over blocks of values that stay in the nearest cache.

#![expect(
    clippy::inline_always,
    reason = "loops are compiled for the vectors of the processor only inside the dispatch"
)]

use super::arithmetic::apply;
use super::planes::Planes;
use super::program::{Op, Operand, Program};
use pulp::NullaryFnOnce;

/// Values that a step handles at once: some registers of them fit the nearest cache.
pub const BLOCK: usize = 512;

/// Where a step finds a value.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Input(usize),
    Register(usize),
}

/// A step with its places.
#[derive(Debug, Clone)]
struct Placed {
    op: Op,
    reads: [Place; 3],
    into: usize,
}

/// A program whose values have their registers.
#[derive(Debug, Clone)]
pub struct Runner {
    steps: Vec<Placed>,
    /// The numbers that are read, each in a register of its own before all others.
    numbers: Vec<f32>,
    registers: usize,
}

/// What a program reads.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// One for each that is made.
    Whole(&'a [f32]),
    /// One for each channel of each row, or for all along the last dimension.
    Planes(Planes<'a>),
    /// Some after each other, again and again.
    Again(&'a [f32]),
}

impl Runner {
    /// Gives each value of `program` its register; one is used again once nothing reads it any more.
    pub fn new(program: &Program) -> Self {
        let mut numbers: Vec<f32> = Vec::new();
        let mut number = |x: f32| {
            let same = |y: &f32| y.to_bits() == x.to_bits();
            numbers.iter().position(same).unwrap_or_else(|| {
                numbers.push(x);
                numbers.len() - 1
            })
        };
        let reads = program.steps.iter().map(|step| {
            let place = |read: &Operand| match *read {
                Operand::Number(x) => Some(number(x)),
                Operand::Input(_) | Operand::Step(_) => None,
            };
            step.reads.iter().map(place).collect::<Vec<_>>()
        });
        let fixed: Vec<Vec<Option<usize>>> = reads.collect();
        let mut last = vec![0; program.steps.len()];
        for (at, step) in program.steps.iter().enumerate() {
            for read in &step.reads {
                if let Operand::Step(from) = *read {
                    last[from] = at;
                }
            }
        }
        let mut free: Vec<usize> = Vec::new();
        let mut registers = numbers.len();
        let mut holds = vec![0; program.steps.len()];
        let mut steps = Vec::new();
        for (at, step) in program.steps.iter().enumerate() {
            let mut reads = [Place::Register(0); 3];
            for (n, read) in step.reads.iter().enumerate() {
                reads[n] = match *read {
                    Operand::Input(n) => Place::Input(n),
                    Operand::Step(from) => Place::Register(holds[from]),
                    Operand::Number(_) => Place::Register(fixed[at][n].unwrap_or_default()),
                };
            }
            // Its own before those that it reads last are free: no step writes where it reads.
            let into = free.pop().unwrap_or_else(|| {
                registers += 1;
                registers - 1
            });
            holds[at] = into;
            let mut done: Vec<usize> = Vec::new();
            for read in &step.reads {
                if let Operand::Step(from) = *read
                    && last[from] == at
                    && !done.contains(&from)
                {
                    done.push(from);
                    free.push(holds[from]);
                }
            }
            if last[at] <= at {
                free.push(into);
            }
            let op = step.op;
            steps.push(Placed { op, reads, into });
        }
        Self {
            steps,
            numbers,
            registers,
        }
    }

    /// Makes the values from `start` on, a multiple of [`BLOCK`], as many as `output` has room for.
    pub fn run(&self, start: usize, inputs: &[Values<'_>], output: &mut [f32]) {
        // A closure is not sure to be compiled within the dispatch.
        pulp::Arch::new().dispatch(Pass {
            runner: self,
            start,
            inputs,
            output,
        });
    }
}

/// One run of a program.
struct Pass<'a> {
    runner: &'a Runner,
    start: usize,
    inputs: &'a [Values<'a>],
    output: &'a mut [f32],
}

impl NullaryFnOnce for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Runner {
            steps,
            numbers,
            registers,
        } = self.runner;
        let mut registers = vec![vec![0.0; BLOCK]; *registers];
        for (register, &number) in registers.iter_mut().zip(numbers) {
            register.fill(number);
        }
        // What is one value for many, for each value of the block.
        let mut spread: Vec<Vec<f32>> = self
            .inputs
            .iter()
            .map(|input| match input {
                Values::Whole(_) => Vec::new(),
                Values::Planes(_) | Values::Again(_) => vec![0.0; BLOCK],
            })
            .collect();
        for (block, output) in self.output.chunks_mut(BLOCK).enumerate() {
            let (from, count) = (self.start + block * BLOCK, output.len());
            for (input, into) in self.inputs.iter().zip(&mut spread) {
                match input {
                    Values::Whole(_) => {}
                    Values::Planes(planes) => planes.over(from, &mut into[..count]),
                    Values::Again(values) => again(values, from, &mut into[..count]),
                }
            }
            for (at, step) in steps.iter().enumerate() {
                let mut own = std::mem::take(&mut registers[step.into]);
                let read = |n: usize| match step.reads[n] {
                    Place::Register(n) => &registers[n][..count],
                    Place::Input(n) => match self.inputs[n] {
                        Values::Whole(values) => &values[from..from + count],
                        Values::Planes(_) | Values::Again(_) => &spread[n][..count],
                    },
                };
                let last = at + 1 == steps.len();
                apply(step.op, if last { output } else { &mut own[..count] }, read);
                registers[step.into] = own;
            }
        }
    }
}

/// The values from `start` on of `values` after each other again and again.
fn again(values: &[f32], start: usize, mut into: &mut [f32]) {
    let mut at = start % values.len();
    while !into.is_empty() {
        let count = into.len().min(values.len() - at);
        let (now, rest) = into.split_at_mut(count);
        now.copy_from_slice(&values[at..at + count]);
        (into, at) = (rest, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::curves;
    use super::super::program::Step;
    use super::*;
    use proptest::prelude::*;

    /// The value of every step for one value of each input.
    fn by_hand(program: &Program, inputs: &[f32]) -> Vec<f32> {
        let mut values: Vec<f32> = Vec::new();
        for step in &program.steps {
            let x: Vec<f32> = step
                .reads
                .iter()
                .map(|read| match *read {
                    Operand::Input(n) => inputs[n],
                    Operand::Step(n) => values[n],
                    Operand::Number(x) => x,
                })
                .collect();
            let truth = |is: bool| f32::from(u8::from(is));
            values.push(match step.op {
                Op::Add => x[0] + x[1],
                Op::Sub => x[0] - x[1],
                Op::Mul => x[0] * x[1],
                Op::Div => x[0] / x[1],
                Op::Min | Op::Max if x[0].is_nan() || x[1].is_nan() => f32::NAN,
                Op::Min => x[0].min(x[1]),
                Op::Max => x[0].max(x[1]),
                Op::Greater => truth(x[0] > x[1]),
                Op::GreaterOrEqual => truth(x[0] >= x[1]),
                Op::Less => truth(x[0] < x[1]),
                Op::LessOrEqual => truth(x[0] <= x[1]),
                Op::Equal => truth(x[0] == x[1]),
                Op::And => truth(x[0] != 0.0 && x[1] != 0.0),
                Op::Or => truth(x[0] != 0.0 || x[1] != 0.0),
                Op::Not => truth(x[0] == 0.0),
                Op::Neg => -x[0],
                Op::Abs => x[0].abs(),
                Op::Sqrt => x[0].sqrt(),
                Op::Reciprocal => 1.0 / x[0],
                Op::Where => {
                    if x[0] == 0.0 {
                        x[2]
                    } else {
                        x[1]
                    }
                }
                Op::Clip => {
                    let low = if x[0] < x[1] { x[1] } else { x[0] };
                    if low > x[2] { x[2] } else { low }
                }
                Op::HardSigmoid => {
                    let y = x[0] * x[1] + x[2];
                    if y.is_nan() { y } else { y.clamp(0.0, 1.0) }
                }
                Op::Truth => truth(x[0] != 0.0),
                Op::Same => x[0],
                Op::Exp => curves::exp(x[0]),
                Op::Erf => curves::erf(x[0]),
                Op::Sigmoid => curves::sigmoid(x[0]),
                Op::Tanh => curves::tanh(x[0]),
            });
        }
        values
    }

    fn programs() -> impl Strategy<Value = Program> {
        // Logic reads truths alone, as in a graph.
        let step = (
            0..Op::ALL.len(),
            proptest::collection::vec((0_u8..3, any::<u8>()), 3),
        );
        proptest::collection::vec(step, 1..24).prop_map(|drawn| {
            let mut steps: Vec<Step> = Vec::new();
            let mut truths: Vec<usize> = Vec::new();
            for (op, reads) in drawn {
                let at = steps.len();
                let mut op = Op::ALL[op];
                let logic = matches!(op, Op::And | Op::Or | Op::Not);
                if logic && truths.is_empty() {
                    op = Op::Add;
                }
                let logic = matches!(op, Op::And | Op::Or | Op::Not);
                let operand = |(kind, n): (u8, u8)| {
                    let n = usize::from(n);
                    match kind {
                        _ if logic => Operand::Step(truths[n % truths.len()]),
                        1 if at > 0 => Operand::Step(n % at),
                        2 => Operand::Number(n as f32 / 32.0 - 4.0),
                        _ => Operand::Input(n % 3),
                    }
                };
                let reads = reads.into_iter().take(op.operands()).map(operand).collect();
                let is_truth = matches!(
                    op,
                    Op::Greater
                        | Op::GreaterOrEqual
                        | Op::Less
                        | Op::LessOrEqual
                        | Op::Equal
                        | Op::And
                        | Op::Or
                        | Op::Not
                        | Op::Truth
                );
                if is_truth {
                    truths.push(at);
                }
                steps.push(Step { op, reads });
            }
            Program { steps }
        })
    }

    /// As ONNX Runtime 1.32 computes them.
    #[test]
    fn what_is_no_number_stays_so() {
        let none = f32::NAN;
        let number = Operand::Number;
        for (op, reads) in [
            (Op::Max, vec![none, 1.0]),
            (Op::Max, vec![1.0, none]),
            (Op::Min, vec![none, 1.0]),
            (Op::Min, vec![1.0, none]),
            (Op::Clip, vec![none, 0.0, 6.0]),
            (Op::HardSigmoid, vec![none, 0.2, 0.5]),
            (Op::Abs, vec![none]),
        ] {
            let reads = reads.into_iter().map(number).collect();
            let runner = Runner::new(&Program {
                steps: vec![Step { op, reads }],
            });
            let mut output = [0.0];
            runner.run(0, &[], &mut output);
            assert!(output[0].is_nan(), "{op:?}: {}", output[0]);
        }
    }

    #[test]
    fn values_are_read_again_and_again() {
        for start in [0, 2, 3, 5] {
            let mut made = [0.0; 8];
            again(&[1.0, 2.0, 3.0], start, &mut made);
            let right: Vec<f32> = (start..start + 8).map(|n| (n % 3) as f32 + 1.0).collect();
            assert_eq!(made, right.as_slice());
        }
    }

    proptest! {
        #[test]
        fn every_value_is_as_by_hand(
            program in programs(),
            values in proptest::collection::vec(proptest::array::uniform3(-3.0_f32..3.0), 1..40),
        ) {
            let runner = Runner::new(&program);
            // More than a block: a register must not remember.
            let values: Vec<[f32; 3]> = values.into_iter().cycle().take(2 * BLOCK + 5).collect();
            let inputs: Vec<Vec<f32>> = (0..3).map(|n| values.iter().map(|v| v[n]).collect()).collect();
            let inputs: Vec<Values<'_>> = inputs.iter().map(|values| Values::Whole(values)).collect();
            let mut output = vec![0.0; values.len()];
            runner.run(0, &inputs, &mut output);
            for (value, made) in values.iter().zip(&output) {
                let right = by_hand(&program, value);
                let right = right[right.len() - 1];
                prop_assert!(*made == right || made.is_nan() && right.is_nan(), "{made} for {right}");
            }
        }
    }
}
