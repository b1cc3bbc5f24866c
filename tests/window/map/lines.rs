//! What is drawn between points: real neighbours, the paths of attacked pictures.

use super::*;
use nearmiss::desktop::map::Lines;

#[test]
fn real_neighbours_are_those_of_the_map_that_is_shown() {
    let mut window = shown();
    perform(&mut window, Command::Query(Query::Row(Side::Image, 7)));
    let lines = Lines {
        neighbours: true,
        ..Lines::default()
    };
    ask(&mut window, MapCommand::SetLines(lines));
    let near = |window: &Window| {
        map_of(window)
            .near
            .get(now(window))
            .cloned()
            .expect("found")
    };
    let both = near(&window);
    let embedded = session(&window).embedded().cloned().expect("embedded");
    let cosine = |item: u32| match item.checked_sub(300) {
        None => embedded.images.dot(7, &embedded.images, item as usize),
        Some(text) => embedded.images.dot(7, &embedded.texts, text as usize),
    };
    let mut right: Vec<u32> = (0..1_200).filter(|&i| i != 7).collect();
    right.sort_by(|&a, &b| cosine(b).total_cmp(&cosine(a)));
    assert_eq!(both.items, right[..NEAR]);
    // On a map of the images alone they are images.
    let mut options = map_of(&window).options.clone();
    options.of = nearmiss::map::Of::Images;
    ask(&mut window, MapCommand::SetOptions(Box::new(options)));
    ask(&mut window, MapCommand::LayOut);
    let images = near(&window);
    assert_eq!(images.of, map(&window).id);
    assert!(images.items.len() == NEAR && images.items.iter().all(|&item| item < 300));
}

#[test]
fn an_attacked_picture_walks_over_the_map() {
    let mut window = shown();
    perform(&mut window, Command::Query(Query::Row(Side::Image, 0)));
    settle(&mut window);
    press(&mut window, "Attack the query");
    assert_eq!(errors(&window), Vec::<String>::new());
    let trails = map_of(&window)
        .trails
        .get(now(&window))
        .cloned()
        .expect("a path");
    let trail = &trails[0];
    let direction = session(&window).direction(Side::Image).expect("ranked");
    assert_eq!((trail.image, trail.ranks[0]), (0, direction.ranks[0]));
    assert_eq!(trail.aim, 300 + direction.hardest[0].index);
    assert_eq!(trail.places.len(), trail.steps.len());
    assert!(trail.steps.windows(2).all(|s| s[0] <= s[1]));
    let made = map(&window);
    let own = made.map.points[0];
    let gap = (trail.places[0][0] - own[0]).hypot(trail.places[0][1] - own[1]);
    assert!(gap < 0.02, "it starts at its own place: {gap}");
    // At the end the near miss is ahead of the right one, or the attack says by its ranks that it is not.
    let last = trail.ranks.len() - 1;
    assert!(trail.aims[last] <= trail.aims[0]);
    let text = format!("the near miss at rank {}", trail.aims[last]);
    assert!(
        window.query_all_by_label_contains(&text).next().is_some(),
        "{text}"
    );
    // Several at once.
    ask(&mut window, MapCommand::Attack(vec![1, 2, 3]));
    let trails = map_of(&window)
        .trails
        .get(now(&window))
        .cloned()
        .expect("paths");
    assert_eq!(
        trails.iter().map(|t| t.image).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    let broken = trails.iter().filter(|t| t.is_broken()).count();
    ask(&mut window, MapCommand::SetColouring(Colouring::Attacked));
    let dyed = map_of(&window).dyed.clone().expect("coloured");
    let counts: Vec<usize> = dyed.legend.iter().map(|key| key.points).collect();
    assert_eq!(counts, [broken, 3 - broken, 297, 900]);
    let text = format!("{broken} of 3 pictures");
    assert!(
        window.query_all_by_label_contains(&text).next().is_some(),
        "{text}"
    );
}
