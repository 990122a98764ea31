"""The export that works, as it is shown to who brings a pickle."""

EXPORT_ADVICE = (
    "  program = torch.export.export(model.eval(), (example_input,))\n"
    '  torch.export.save(program, "model.pt2")    # torch 2.9 or newer, then: nn4mc compile model.pt2'
)
