//! Elementwise operators in a row, as one program that goes over its values once.

/// What a step does; comparisons and logic yield 1 and 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Add,
    Sub,
    Mul,
    Div,
    Min,
    Max,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
    And,
    Or,
    Not,
    Neg,
    Abs,
    Sqrt,
    Reciprocal,
    /// The second where the first is true, else the third.
    Where,
    /// The first, at least the second and at most the third.
    Clip,
    /// The first times the second and the third added, within 0 and 1.
    HardSigmoid,
    /// Is it not zero?
    Truth,
    /// Itself.
    Same,
    Exp,
    Erf,
    Sigmoid,
    Tanh,
}

impl Op {
    /// Each, at its number in a file.
    pub const ALL: [Self; 27] = [
        Self::Add,
        Self::Sub,
        Self::Mul,
        Self::Div,
        Self::Min,
        Self::Max,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Equal,
        Self::And,
        Self::Or,
        Self::Not,
        Self::Neg,
        Self::Abs,
        Self::Sqrt,
        Self::Reciprocal,
        Self::Where,
        Self::Clip,
        Self::HardSigmoid,
        Self::Truth,
        Self::Same,
        Self::Exp,
        Self::Erf,
        Self::Sigmoid,
        Self::Tanh,
    ];

    /// How many operands it has.
    pub fn operands(self) -> usize {
        match self {
            Self::Where | Self::Clip | Self::HardSigmoid => 3,
            Self::Not
            | Self::Neg
            | Self::Abs
            | Self::Sqrt
            | Self::Reciprocal
            | Self::Truth
            | Self::Same
            | Self::Exp
            | Self::Erf
            | Self::Sigmoid
            | Self::Tanh => 1,
            _ => 2,
        }
    }
}

/// What a step reads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operand {
    /// An input of the program.
    Input(usize),
    /// The value of an earlier step.
    Step(usize),
    /// A number.
    Number(f32),
}

/// One step: its operator and what it reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub op: Op,
    pub reads: Vec<Operand>,
}

/// Steps, of which the last comes out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Program {
    pub steps: Vec<Step>,
}

impl Program {
    /// As whole numbers, for an attribute of a node.
    pub fn encode(&self) -> Vec<i64> {
        let mut code = vec![self.steps.len() as i64];
        for step in &self.steps {
            let number = Op::ALL.iter().position(|&op| op == step.op);
            code.push(number.unwrap_or_default() as i64);
            for read in &step.reads {
                let (kind, value) = match *read {
                    Operand::Input(n) => (0, n as i64),
                    Operand::Step(n) => (1, n as i64),
                    Operand::Number(x) => (2, i64::from(x.to_bits())),
                };
                code.extend([kind, value]);
            }
        }
        code
    }

    /// The program of `code` for so many inputs; `None` where it is none.
    pub fn decode(code: &[i64], inputs: usize) -> Option<Self> {
        let mut code = code.iter().copied();
        let count = usize::try_from(code.next()?).ok()?;
        let mut steps = Vec::new();
        for at in 0..count {
            let op = *Op::ALL.get(usize::try_from(code.next()?).ok()?)?;
            let mut reads = Vec::new();
            for _ in 0..op.operands() {
                let (kind, value) = (code.next()?, code.next()?);
                let place = usize::try_from(value).ok()?;
                reads.push(match kind {
                    0 if place < inputs => Operand::Input(place),
                    1 if place < at => Operand::Step(place),
                    2 => Operand::Number(f32::from_bits(u32::try_from(value).ok()?)),
                    _ => return None,
                });
            }
            steps.push(Step { op, reads });
        }
        (code.next().is_none() && !steps.is_empty()).then_some(Self { steps })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_survives_its_attribute() {
        let program = Program {
            steps: vec![
                Step {
                    op: Op::Greater,
                    reads: vec![Operand::Input(1), Operand::Number(-0.5)],
                },
                Step {
                    op: Op::Mul,
                    reads: vec![Operand::Input(0), Operand::Step(0)],
                },
                Step {
                    op: Op::Clip,
                    reads: vec![
                        Operand::Step(1),
                        Operand::Number(f32::NEG_INFINITY),
                        Operand::Number(6.0),
                    ],
                },
            ],
        };
        assert_eq!(Program::decode(&program.encode(), 2), Some(program.clone()));
        // An input that there is not, a step that is not done yet, a file that ends early.
        assert_eq!(Program::decode(&program.encode(), 1), None);
        let mut later = program.clone();
        later.steps[1].reads[1] = Operand::Step(1);
        assert_eq!(Program::decode(&later.encode(), 2), None);
        let code = program.encode();
        assert_eq!(Program::decode(&code[..code.len() - 1], 2), None);
        for (n, op) in Op::ALL.iter().enumerate() {
            assert_eq!(Op::ALL.iter().position(|other| other == op), Some(n));
        }
    }
}
