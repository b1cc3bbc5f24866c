//! The words of a caption: weighed, exchanged, asked.

use super::*;
use nearmiss::desktop::feature::Feature;
use nearmiss::desktop::retrieval::Retrieval;

#[test]
fn the_words_of_a_caption_are_weighed_and_exchanged() {
    let mut window = lab();
    click(&mut window, "Words");
    assert_eq!(errors(&window), Vec::<String>::new());
    let (caption, weighed) = lab_of(&window)
        .words
        .weighed
        .get(now(&window))
        .cloned()
        .expect("weighed");
    let text = session(&window).dataset().expect("open").captions[caption].clone();
    assert_eq!((weighed.image, &weighed.caption), (0, &text));
    assert_eq!(weighed.no_gradient, None);
    assert!(weighed.words.iter().all(|w| w.gradient.is_some()));
    for word in &weighed.words {
        let shown = window.query_all_by_label(&word.text).count();
        assert!(shown >= 2, "{}: in the caption and in the table", word.text);
    }
    // Another caption of the picture.
    let other = session(&window).dataset().expect("open").captions[caption + 1].clone();
    click(&mut window, &format!("caption {other}"));
    let (caption, weighed) = lab_of(&window)
        .words
        .weighed
        .get(now(&window))
        .cloned()
        .expect("weighed");
    assert_eq!(weighed.caption, other);
    // Words of the captions alone, then by the keyboard.
    choose(&mut window, "From", "those of the captions");
    assert_eq!(lab_of(&window).words.plan.vocabulary, Vocabulary::Dataset);
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Enter);
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    let (of, plan, found) = lab_of(&window)
        .words
        .found
        .get(now(&window))
        .cloned()
        .expect("found");
    assert_eq!((of, plan.vocabulary), (caption, Vocabulary::Dataset));
    let edit = found.edits.first().expect("an exchange").clone();
    let change = edit.changes.first().expect("a change");
    let words: String = session(&window)
        .dataset()
        .expect("open")
        .captions
        .join(" ")
        .to_lowercase();
    assert!(words.contains(&change.to.to_lowercase()), "{}", change.to);
    let shown = format!(
        "exchange {} for {}: {}, rank {}",
        change.to, change.from, edit.text, edit.after.rank
    );
    assert!(says(&window, &shown), "{shown}");
    // A click asks the images.
    click(&mut window, &shown);
    assert_eq!(session(&window).tab, Retrieval::TAB);
    assert_eq!(session(&window).query(), Some(&Query::Text(edit.text)));
}
