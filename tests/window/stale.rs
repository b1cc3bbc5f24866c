//! Nothing outlives what it was computed from.

use super::{Window, click, demo, session, settle};
use egui_kittest::kittest::Queryable;
use nearmiss::session::{Command, EncoderSource, Slot};

fn perform(window: &mut Window, command: Command) {
    let ctx = window.ctx.clone();
    window.state_mut().perform(&ctx, command);
}

#[test]
fn figures_of_one_encoder_are_never_shown_under_another() {
    let mut window = demo();
    let r1 = session(&window).evaluation().expect("ranked").report.i2t.r1;
    let figure = format!("I→T R@1 {r1:.1}");
    assert!(window.query_all_by_label_contains(&figure).next().is_some());
    perform(&mut window, Command::OpenEncoder(EncoderSource::Demo));
    // Until the other encoder is there, the one before stays with all that it gave.
    for _ in 0..2000 {
        if session(&window).embedded().is_none() {
            break;
        }
        assert!(session(&window).evaluation().is_some());
        window.step();
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(session(&window).embedded().is_none(), "another encoder");
    perform(&mut window, Command::Cancel(Slot::Embed));
    settle(&mut window);
    let now = session(&window);
    assert!(now.ranking().is_none() && now.evaluation().is_none() && now.answer().is_none());
    assert!(window.query_all_by_label_contains(&figure).next().is_none());
    click(&mut window, "Attack");
    click(&mut window, "Negatives");
    click(&mut window, "Embed again");
    assert!(session(&window).evaluation().is_some());
}
