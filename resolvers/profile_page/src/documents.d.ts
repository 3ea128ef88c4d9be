// The ids of the documents in documents/, by the vite plugin of the same name.
declare module 'virtual:documents' {
  export const Account: string;
  export const CallsToInvoice: string;
  export const ClientProfile: string;
  export const FindClients: string;
  export const Invoice: string;
  export const InvoiceConference: string;
  export const IssueInvoice: string;
}
