//! Topics of any text: what is routed has been subscribed to.
#![no_main]
mod common;

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use twinscope::telemetry::Router;

static ROUTER: LazyLock<Router> = LazyLock::new(|| Router::new(&common::twin()));

/// Whether a filter matches, as MQTT 3.1.1 tells in section 4.7.
fn matches(filter: &str, topic: &str) -> bool {
    let mut levels = topic.split('/');
    for part in filter.split('/') {
        match (part, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (part, Some(level)) if part == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

fuzz_target!(|topic: &str| {
    let routed = !ROUTER.route(topic).is_empty();
    let mut filters = ROUTER.subscriptions().iter();
    assert!(!routed || filters.any(|wanted| matches(&wanted.filter, topic)), "{topic:?}");
});
