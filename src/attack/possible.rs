//! What the gradient of a model allows: which attacks are possible, and which would be blind.

use crate::error::thousands;
use crate::grad::{Card, Fault};

/// The attacks that need no gradient.
const QUERIES: &str = "query attacks (Square, NES, SPSA)";

/// Which attacks are possible on the model of `card`, in one sentence.
pub fn possible(card: &Card) -> String {
    if let Some(fault) = gradient_fault(card) {
        return fault;
    }
    let (at, white_box) = if card.tokens {
        (
            "every token's embedding",
            "word swaps guided by the gradient",
        )
    } else {
        (
            "every pixel",
            "white-box attacks (FGSM, PGD, APGD, C&W, DeepFool)",
        )
    };
    match (card.supported(), card.survey.approximate.is_empty()) {
        (true, true) => {
            format!("Exact gradients reach {at}: {white_box} and query attacks are possible.")
        }
        (true, false) => format!(
            "Gradients reach {at}, but some operators round and are passed straight through: {white_box} are \
             possible, yet one that fails proves nothing; confirm it with {QUERIES}."
        ),
        (false, _) => {
            format!("Gradients do not reach {at}: only {QUERIES} are possible.")
        }
    }
}

/// What is wrong with the gradient of `card`, and what that means for attacks, in one sentence; `None` where nothing was
/// found, and where there is no gradient.
pub fn gradient_fault(card: &Card) -> Option<String> {
    let fault = card.fault()?;
    let blind = format!("attacks by gradient would be blind there; {QUERIES} work.");
    let number = |n: usize| thousands(n as u64);
    let counted = |n: usize| match n {
        1 => "1 value".to_owned(),
        n => format!("{} values", number(n)),
    };
    Some(match fault {
        Fault::NotFinite { values, of } => format!(
            "The gradient is not finite at {} of {} for this input: {blind}",
            number(values),
            counted(of)
        ),
        Fault::Zero { of } => format!(
            "The gradient is zero at {} of {} for this input: {blind}",
            number(of),
            counted(of)
        ),
        Fault::Disagrees {
            max_rel_error,
            cosine,
        } => {
            let figures = match (max_rel_error, cosine) {
                (Some(error), Some(cosine)) => {
                    format!("largest relative error {error:.1e}, cosine {cosine:.4}")
                }
                _ => "the slopes of the model are not finite, or zero".to_owned(),
            };
            format!(
                "The gradient is not what the model's central differences say for this input ({figures}): attacks by \
                 gradient may miss; confirm them with {QUERIES}."
            )
        }
    })
}
