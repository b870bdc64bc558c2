//! The future of a plant, by the links of its network.

use std::path::Path;

use super::*;
use crate::history::{State, View};
use crate::model::load::Held;
use crate::model::network::{Link, Links, Network, VariableId};
use crate::twin::{Resolver, Timestamp, Value, load, load_text};

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
}

/// Two tanks in a row, the names and wires of which may be others.
fn tanks(unit: &str, wire: &str) -> Network {
    let text = format!(
        "Twin(schema: 2, name: \"plant\", classes: {{\"Tank\": (behaviour: (file: \"tank.ron\", \
         inputs: {{\"q_in\": \"feed\"}}, outputs: {{\"T\": \"warmth\"}}), properties: {{\"feed\": \
         (unit: \"m3/h\"), \"warmth\": (unit: \"{unit}\"), \"weather\": (unit: \"kK\")}})}}, \
         assets: [(name: \"T-1\", class: \"Tank\"), (name: \"T-2\", class: \"Tank\")], \
         wiring: [{wire}])"
    );
    let loaded = load_text(Path::new("plant.ron"), &text, &Tank).unwrap_or_else(|e| panic!("{e}"));
    Network::of(&loaded.twin).unwrap_or_else(|e| panic!("{e}"))
}

/// The only file that there is.
struct Tank;

impl Resolver for Tank {
    fn read(&self, _: &Path) -> Result<String, String> {
        Ok("(model: \"tank\")".to_owned())
    }

    fn exists(&self, _: &Path) -> bool {
        true
    }
}

fn of(network: &Network) -> (Arc<ForecastSetup>, Arc<Forecast>) {
    let machine = &network.machine;
    let mut setup =
        ForecastSetup::usual(machine.model.clone(), Arc::new(machine.load()), 1.0, 60.0);
    setup.members = 4;
    setup.start = Start::Each(vec![machine.initial.clone()]);
    let forecast = whole(setup.clone());
    (Arc::new(setup), Arc::new(forecast))
}

#[test]
fn an_outlook_takes_the_links_of_its_own_network_and_of_no_other() {
    let own = tanks("Cel", "");
    let (setup, forecast) = of(&own);
    let linked = |links: &Links| Outlook::linked(setup.clone(), forecast.clone(), ORIGIN, links);
    assert!(linked(&own.links).is_ok());
    assert!(linked(&tanks("Cel", "").links).is_ok(), "the same, read again");

    // As many variables, each at its place: only what they mean is another.
    let others = [tanks("K", ""), tanks("Cel", "(from: \"T-1.T\", to: \"T-2.T_in\")")];
    for other in &others {
        let error = linked(&other.links).map(|_| ()).expect_err("another network");
        assert!(matches!(error, OutlookError::OtherLinks { .. }), "{error}");
    }

    let tank = registry::find("tank").expect("a model");
    let load = Arc::new(Held(tank.about().usual_inputs()));
    let tank = ForecastSetup { members: 4, ..ForecastSetup::usual(tank, load, 1.0, 60.0) };
    let error = Outlook::linked(Arc::new(tank), forecast.clone(), ORIGIN, &own.links).map(|_| ());
    let error = error.expect_err("another model").to_string();
    assert!(error.contains("`plant`") && error.contains("not those of `tank`"), "{error}");
}

#[test]
fn a_link_whose_conversion_is_not_finite_is_refused_with_its_variable() {
    // So small that no number is its inverse.
    let network = tanks("Cel", "(property: \"T-1.weather\", to: \"T-2.T_in\", scale: 1e-320)");
    let (setup, forecast) = of(&network);
    let error = Outlook::linked(setup, forecast, ORIGIN, &network.links).map(|_| ());
    let error = error.expect_err("it is infinite");
    let OutlookError::LinkNotFinite { variable, scale, .. } = &error else { panic!("{error}") };
    assert_eq!(&**variable, "T-2.T_in");
    assert!((0.0..1e-300).contains(scale) && *scale != 0.0, "{scale}");
}

#[test]
fn a_property_that_has_no_share_in_its_variable_is_unknown() {
    let wire = "(property: \"T-1.weather\", to: \"T-2.T_in\", scale: 0, offset: 20)";
    let network = tanks("Cel", wire);
    let (setup, forecast) = of(&network);
    let outlook = Outlook::linked(setup, forecast, ORIGIN, &network.links).expect("it fits");
    let lane = outlook.lane(Pick::Medoid).expect("there is such a member");
    let view = View { lane, ..View::live(ORIGIN.plus_micros(30_000_000)) };
    let link = network.links.all().iter().find(|link| link.scale == 0.0).expect("the wire");
    assert_eq!(outlook.reading(view, link.property), None);
}
