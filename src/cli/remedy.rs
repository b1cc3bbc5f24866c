//! What to do about an error, in the words of the command line.

use crate::error::{Error, Question};

/// As [`Error::remedy`]; where the user must choose, with the flag that does.
pub fn remedy(error: &Error) -> String {
    let Error::Ask { question, .. } = error else {
        return error.remedy();
    };
    let (what, flag) = match question {
        Question::Preprocess => (
            "the preprocessing",
            "--preprocess clip|siglip|imagenet|FILE",
        ),
        Question::ImageOutput(_) => ("it", "--image-output NAME"),
        Question::TextOutput(_) => ("it", "--text-output NAME"),
        Question::ImagePool(_) => ("it", "--image-pool first|mean|last"),
        Question::TextPool(_) => ("it", "--text-pool first|mean|last"),
    };
    format!("Choose {what}: in the window, or with {flag}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_answered_by_a_flag() {
        let error = Error::Ask {
            path: "model.onnx".into(),
            question: Question::Preprocess,
        };
        assert_eq!(
            remedy(&error),
            "Choose the preprocessing: in the window, or with --preprocess clip|siglip|imagenet|FILE."
        );
        assert_eq!(remedy(&Error::request("", "Try again.")), "Try again.");
    }
}
