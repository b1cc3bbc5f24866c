//! Encoders that no gradient passes, or none that is exact.

use super::*;
use crate::variant::{behind, constant, node, variant, whole};
use nearmiss::desktop::core::Command;
use nearmiss::desktop::feature::Feature;
use nearmiss::desktop::models::Models;
use nearmiss::grad::Card;
use std::sync::Arc;

/// What the Models view says of the image tower.
fn card_of_images(window: &Window) -> Arc<Card> {
    let cards = session(window).open.cards();
    let card = cards.iter().find(|c| c.side == Side::Image);
    Arc::clone(card.expect("a card").card.as_ref().expect("examined"))
}

/// The demo's encoder with an operator on the way that has no gradient; its numbers are the same.
pub fn blocked_encoder() -> tempfile::TempDir {
    variant(|graph| {
        let (input, output) = (graph.input[0].name.clone(), graph.output[0].name.clone());
        for name in graph.node.iter_mut().flat_map(|n| &mut n.output) {
            if *name == output {
                *name = "plain".into();
            }
        }
        graph
            .initializer
            .push(constant("nothing", &[], 1, vec![0.0], Vec::new()));
        graph
            .initializer
            .push(constant("last", &[1], 7, Vec::new(), vec![1]));
        graph.node.extend([
            node("RandomUniformLike", &[&input], "random", Vec::new()),
            node("Flatten", &["random"], "flat", Vec::new()),
            node(
                "ReduceSum",
                &["flat", "last"],
                "sum",
                vec![whole("keepdims", 1)],
            ),
            node("Mul", &["sum", "nothing"], "zero", Vec::new()),
            node("Add", &["plain", "zero"], &output, Vec::new()),
        ]);
    })
}

/// The window with this encoder, in the lab.
fn lab_with(encoder: &tempfile::TempDir) -> Window {
    let mut window = demo();
    let open = Command::OpenPath(encoder.path().to_path_buf());
    perform(&mut window, open);
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    click(&mut window, "Attack this pair");
    window
}

#[test]
fn a_gradient_through_a_rounding_is_called_approximate() {
    let encoder = behind(&[("Mul", 32.0), ("Round", 0.0), ("Mul", 1.0 / 32.0)]);
    let mut window = lab_with(&encoder);
    assert_eq!(*lab_of(&window).reach(now(&window)), Reach::Open);
    assert!(says(&window, "approximate through Round"));
    press_attack(&mut window);
    settle(&mut window);
    let result = lab_of(&window)
        .last(now(&window))
        .expect("attacked")
        .result
        .clone();
    assert_eq!(result.approximate, ["Round"]);
    assert!(says(&window, "The gradient is approximate through Round."));
    // The card says the same, and does not compare what cannot be compared.
    click(&mut window, "Models");
    settle(&mut window);
    assert!(says(&window, "some operators round"));
    let card = card_of_images(&window);
    assert_eq!(card.survey.approximate, ["Round"]);
    let check = card
        .measured
        .as_ref()
        .and_then(nearmiss::grad::Measured::check)
        .expect("checked");
    assert!(!check.compared && check.max_rel_error.is_none());
}

#[test]
fn a_path_that_is_cut_is_named_in_the_lab_and_on_the_card() {
    for (operators, word) in [
        (&[("Sign", 0.0)][..], "Sign"),
        (
            &[("Mul", 32.0), ("Cast", 7.0), ("Cast", 1.0)][..],
            "cast to integers",
        ),
    ] {
        let encoder = behind(operators);
        let mut window = lab_with(&encoder);
        let Reach::Blocked(why) = lab_of(&window).reach(now(&window)) else {
            panic!("{:?}", *lab_of(&window).reach(now(&window)))
        };
        assert!(why.contains(word) && why.contains("made"), "{why}");
        assert!(says(&window, word), "{word} is shown in the lab");
        perform(&mut window, Command::Show(Models::TAB));
        settle(&mut window);
        let card = card_of_images(&window);
        assert!(!card.supported(), "{:?}", card.survey.ops);
        assert!(says(&window, "Gradients do not reach every pixel"));
        assert!(says(&window, word), "{word} is shown on the card");
    }
}

#[test]
fn without_gradients_the_lab_says_why_and_offers_queries() {
    let encoder = blocked_encoder();
    let mut window = lab_with(&encoder);
    let lab = lab_of(&window);
    let Reach::Blocked(why) = lab.reach(now(&window)) else {
        panic!("{:?}", lab.reach(now(&window)))
    };
    assert!(why.contains("RandomUniformLike"), "{why}");
    assert_eq!(lab.settings.method, method("square"));
    assert!(says(&window, "RandomUniformLike"), "the reason is shown");
    let mut settings = lab.settings.clone();
    settings.steps = Some(200);
    ask(&mut window, AttackCommand::SetSettings(Box::new(settings)));
    press_attack(&mut window);
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    let result = lab_of(&window)
        .last(now(&window))
        .expect("attacked")
        .result
        .clone();
    assert_eq!(result.gradients, 0);
    assert!(result.after.verdict.margin() > result.before.verdict.margin());
}
