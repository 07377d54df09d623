// Which volume may serve: the arithmetic of epochs, generations and witnesses.

import FleetModel
import Testing

@testable import ControlPlane

@Suite struct WitnessTests {
    @Test("a witness's name is read back, also when the region's name has hyphens and numbers")
    func names() {
        let witness = Witness(region: "eu-west-1", epoch: 3, generation: 12)
        #expect(witness.name == "muster-eu-west-1-3-12")
        #expect(Witness(name: witness.name, region: "eu-west-1") == witness)
    }

    @Test(
        "what is no witness of the region is not taken for one",
        arguments: [
            "muster-eu-west-1-3", "muster-eu-west-1-3-12-1", "muster-eu-west-1-+3-12", "muster-eu-west-1-03-12",
            "muster-eu-west-1--3-12", "other-eu-west-1-3-12", "muster-eu-3-12", "",
        ])
    func noWitness(name: String) { #expect(Witness(name: name, region: "eu-west-1") == nil) }

    @Test("the epoch counts before the generation")
    func order() {
        let old = Witness(region: "r", epoch: 1, generation: 9)
        let new = Witness(region: "r", epoch: 2, generation: 1)
        #expect(old < new)
        #expect(Witness.superseded(among: [new, old, Witness(region: "r", epoch: 2, generation: 2)]) == [old])
    }

    @Test("a start: empty without a witness waits, empty or old with one refuses, the newest serves")
    func stages() {
        let (old, new) = (Witness(region: "r", epoch: 2, generation: 1), Witness(region: "r", epoch: 2, generation: 2))
        func stage(_ volume: Witness?, _ owner: Ownership.Owner?, _ witnesses: [Witness]) -> ControlPlaneStage {
            .atStart(region: "r", volume: volume, owner: owner, witnesses: witnesses)
        }
        #expect(stage(nil, nil, []) == .awaiting)
        #expect(stage(nil, nil, [Witness(region: "other", epoch: 1, generation: 1)]) == .awaiting)
        #expect(stage(nil, nil, [old, new]) == .refusing(.emptyVolume("r", witness: new)))
        #expect(stage(old, .controlPlane, [old, new]) == .refusing(.oldVolume("r", volume: old, witness: new)))
        #expect(stage(new, .controlPlane, [old, new]) == .serving)
        #expect(stage(new, .controlPlane, []) == .serving)
        #expect(stage(new, .operatorMachine, [old]) == .paused)
    }

    @Test("a refusal names the witness and the command that mends it")
    func refusal() {
        let text = FleetProblem.emptyVolume("eu1", witness: Witness(region: "eu1", epoch: 2, generation: 7)).description
        #expect(text.contains("`muster-eu1-2-7`"))
        #expect(text.contains("`muster inventory restore --region eu1`"))
    }
}
