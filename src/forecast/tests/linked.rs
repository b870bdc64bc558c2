//! The future of a plant, by the links of its network.

use std::path::Path;

use super::*;
use crate::history::{State, View};
use crate::model::load::Held;
use crate::model::network::{Link, Network, VariableId};
use crate::twin::{Timestamp, Value, load};

const ORIGIN: Timestamp = Timestamp(1_700_000_000_000_000);

#[test]
fn an_outlook_made_from_links_tells_properties_in_their_own_units() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/transfer.ron");
    let twin = load(&path).expect("a twin").twin;
    let network = Network::of(&twin).expect("it is wired");
    let machine = &network.machine;
    let mut setup =
        ForecastSetup::usual(machine.model.clone(), Arc::new(machine.load()), 1.0, 60.0);
    setup.members = 4;
    setup.start = Start::Each(vec![machine.initial.clone()]);
    let setup = Arc::new(setup);
    let forecast = Arc::new(whole((*setup).clone()));
    let mut outlook =
        Outlook::linked(setup.clone(), forecast.clone(), ORIGIN, &network.links).expect("it fits");
    let pick = Pick::Medoid;
    while !outlook.want(pick).expect("there is such a member") {
        outlook.work(&Budget::until(&|| false)).expect("it can be simulated");
    }
    let course = outlook.course(pick).expect("simulated").clone();
    let row = course.row(30).expect("it goes on");
    let time = ORIGIN.plus_micros((row.time_s * 1e6) as i64);
    let lane = outlook.lane(pick).expect("there is such a member");
    let view = View { lane, ..View::live(time) };
    for link @ Link { property, variable, .. } in network.links.all() {
        let modelled = match *variable {
            VariableId::Input(at) => row.inputs[at],
            VariableId::State(at) => row.states[at],
            VariableId::Output(at) => row.outputs[at],
        };
        let reading = outlook.reading(view, *property).expect("it is linked");
        assert_eq!(reading.value, Value::Number(link.to_property(modelled)));
    }
    let temperature = twin.property_by_path("station/TK-1.temperature").expect("a property");
    let Value::Number(celsius) = outlook.reading(view, temperature).expect("it is linked").value
    else {
        panic!("a temperature is a number")
    };
    assert!((0.0..60.0).contains(&celsius), "{celsius}");

    let other = registry::find("tank").expect("a model");
    let load = Arc::new(Held(other.about().usual_inputs()));
    let other =
        Arc::new(ForecastSetup { members: 4, ..ForecastSetup::usual(other, load, 1.0, 60.0) });
    let error = Outlook::linked(other, forecast, ORIGIN, &network.links).map(|_| ());
    assert!(error.expect_err("another model").to_string().contains("not those of `tank`"));
}
